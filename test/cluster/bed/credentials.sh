# Sourced by up: keys, certificates, tokens and the kubeconfigs made of them.
# shellcheck shell=bash

# certificate NAME SUBJECT EXTENSIONS
certificate() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$DIR/pki/$1.key"
  openssl req -new -key "$DIR/pki/$1.key" -subj "$2" |
    openssl x509 -req -CA "$DIR/pki/ca.crt" -CAkey "$DIR/pki/ca.key" -days 3650 \
      -extfile <(echo "$3") -out "$DIR/pki/$1.crt" 2>/dev/null
}

# kubeconfig FILE USER-FIELDS
kubeconfig() {
  cat >"$DIR/$1" <<YAML
apiVersion: v1
kind: Config
current-context: testbed
contexts: [{name: testbed, context: {cluster: testbed, user: user}}]
clusters:
- name: testbed
  cluster: {server: "$SERVER", certificate-authority-data: $(base64 -w0 "$DIR/pki/ca.crt")}
users:
- name: user
  user: {$2}
YAML
}

# login FILE USER GROUP: gives the user a token and writes a kubeconfig that holds it.
login() {
  local token
  token=$(openssl rand -hex 16)
  echo "$token,$2,$2${3:+,\"$3\"}" >>"$DIR/pki/tokens.csv"
  kubeconfig "$1" "token: $token"
}

# Made once for an instance; a second `up` keeps them.
make_credentials() {
  if [[ ! -f $DIR/pki/done ]]; then
    (
      umask 077
      openssl ecparam -name prime256v1 -genkey -noout -out "$DIR/pki/ca.key"
      openssl req -x509 -new -key "$DIR/pki/ca.key" -subj /CN=testbed-ca -days 3650 -out "$DIR/pki/ca.crt"
      openssl genrsa -out "$DIR/pki/sa.key" 2048 2>/dev/null
      openssl rsa -in "$DIR/pki/sa.key" -pubout -out "$DIR/pki/sa.pub" 2>/dev/null
      certificate serving /CN=kube-apiserver \
        "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
      certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
      : >"$DIR/pki/tokens.csv"
      login kubeconfig admin system:masters
      login kubeconfig.restricted restricted ''
      login pki/controller-manager.kubeconfig system:kube-controller-manager ''
      login pki/scheduler.kubeconfig system:kube-scheduler ''
      for ((i = 1; i <= 9; i++)); do login pki/node-$i.kubeconfig system:node:node-$i system:nodes; done
      kubeconfig kubeconfig.cert "client-certificate-data: $(base64 -w0 "$DIR/pki/admin.crt"), client-key-data: $(base64 -w0 "$DIR/pki/admin.key")"
    )
    touch "$DIR/pki/done"
  fi
}

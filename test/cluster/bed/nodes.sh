# Sourced by up: real nodes (kubelet, containerd, runc) and simulated ones (kwok).
# shellcheck shell=bash

# The bridge that this instance's pods share. Nothing is routed or forwarded beyond it.
make_bridge() {
  BRIDGE=faro-$API
  if ! ip link show "$BRIDGE" >/dev/null 2>&1; then
    local block
    for ((block = 0; block < 256; block += 4)); do
      [[ -n $(ip -4 -o addr show to "198.18.$block.1/32") ]] || break
    done
    ip link add "$BRIDGE" type bridge
    ip addr add "198.18.$block.1/22" dev "$BRIDGE"
    ip link set "$BRIDGE" up
    echo "198.18.$block" >"$DIR/run/pods"
  fi
  PODS=$(<"$DIR/run/pods")
}

node_object() { # NAME PORT LABELS ANNOTATIONS TAINTS
  cat <<YAML
---
apiVersion: v1
kind: Node
metadata:
  name: $1
  labels: {kubernetes.io/hostname: $1, kubernetes.io/os: linux, kubernetes.io/arch: amd64, $3}
  annotations: {$4}
spec: {taints: [$5]}
status:
  addresses: [{type: InternalIP, address: 127.0.0.1}, {type: Hostname, address: $1}]
  daemonEndpoints: {kubeletEndpoint: {Port: $2}}
YAML
}

start_kubelet() {
  local name=node-$1 number=$1 folder=$DIR/node-$1 bin cgroup=/faro-testbed-$API-$1 controller port
  running "kubelet-$number" >/dev/null && return
  bin=$(module_bin runtime)
  mkdir -p "$folder"/{cni,manifests,plugins,root}
  for controller in /sys/fs/cgroup/*/tasks; do # one for each hierarchy of cgroup v1
    mkdir -p "${controller%/tasks}$cgroup"
  done
  if [[ ! -f $folder/port ]]; then
    free_port port
    echo "$port" >"$folder/port"
  fi
  port=$(<"$folder/port")

  if ! running "$name" >/dev/null; then
    rm -f "$folder/ready"
    start "$name" unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$HERE/node-init" "$folder"
    until_ok 10 "$name" test -f "$folder/ready"
  fi

  cat >"$folder/cni/10-testbed.conflist" <<JSON
{"cniVersion": "1.0.0", "name": "testbed", "plugins": [{"type": "bridge", "bridge": "$BRIDGE", "isGateway": false,
  "ipam": {"type": "host-local", "dataDir": "$DIR/run/ipam",
    "ranges": [[{"subnet": "$PODS.0/22", "rangeStart": "$PODS.10"}]]}}]}
JSON
  cat >"$folder/containerd.toml" <<TOML
version = 3
root = "$folder/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "testbed.local/pause:1"
[plugins."io.containerd.cri.v1.runtime"]
  disable_apparmor = true
  restrict_oom_score_adj = true # lowering a score needs CAP_SYS_RESOURCE
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["$bin"]
  conf_dir = "$folder/cni"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  BinaryName = "$bin/runc"
TOML
  cat >"$folder/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: $port
healthzPort: 0
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: "$DIR/pki/ca.crt"}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
cgroupRoot: $cgroup
enforceNodeAllocatable: [none]
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
clusterDomain: cluster.local
clusterDNS: [198.19.128.10]
resolvConf: ""
podLogsDir: $folder/var-log/pods
staticPodPath: $folder/manifests
volumePluginDir: $folder/plugins
maxPods: 250
serializeImagePulls: false
containerLogMaxSize: ${FARO_TESTBED_LOG_MAX_SIZE:-10Mi}
containerLogMaxFiles: 5
containerLogMonitorInterval: ${FARO_TESTBED_LOG_MONITOR_INTERVAL:-10s}
YAML
  if [[ -n ${FARO_TESTBED_CRASH_BACKOFF:-} ]]; then
    echo "crashLoopBackOff: {maxContainerRestartPeriod: $FARO_TESTBED_CRASH_BACKOFF}" >>"$folder/kubelet.yaml"
  fi

  running "containerd-$number" >/dev/null || start_in "$name" "containerd-$number" \
    env PATH="$bin:$PATH" "$bin/containerd" --config "$folder/containerd.toml" --log-level warn
  until_ok 20 containerd ctr "$number" version
  ctr "$number" images ls -q | grep -q box:2 ||
    ctr "$number" images import "$(module_bin workload)/images.tar" >/dev/null

  # Set from outside, in the part of a cloud provider: a kubelet refuses a loopback address for itself.
  kubectl get node "$name" >/dev/null 2>&1 ||
    node_object "$name" "$port" "testbed/kind: real" '' '' | kubectl create -f - >/dev/null
  start_in "$name" "kubelet-$number" env PATH="$bin:$PATH" "$KUBE/kubelet" --config="$folder/kubelet.yaml" \
    --kubeconfig="$DIR/pki/$name.kubeconfig" --hostname-override="$name" --cloud-provider=external \
    --root-dir="$folder/root" --cert-dir="$folder/root/pki"
}

ctr() {
  nsenter --target "$(child_of "$(running "node-$1")")" --mount --pid -- \
    "$(module_bin runtime)/ctr" --address /run/containerd/containerd.sock --namespace k8s.io "${@:2}"
}

# Nodes without a machine: kwok writes what their kubelets would.
start_kwok() {
  local taint='' log=$DIR/kwok/log
  if ((KUBELETS > 0)); then taint='{key: kwok.x-k8s.io/node, value: fake, effect: NoSchedule}'; fi
  [[ -f $log ]] || printf '%s stdout F line %d of a simulated container\n' \
    "$(date -u +%FT%T.%NZ)" 1 "$(date -u +%FT%T.%NZ)" 2 >"$log"
  sed "s|@LOG@|$log|g" "$HERE/kwok.yaml" >"$DIR/kwok/kwok.yaml"
  for ((i = 1; i <= KWOK_NODES; i++)); do
    node_object "kwok-$i" "$KWOK" "testbed/kind: kwok, type: kwok" "kwok.x-k8s.io/node: fake" "$taint"
  done >"$DIR/kwok/nodes.yaml"
  kubectl create -f "$DIR/kwok/nodes.yaml" >/dev/null 2>&1 || true # a second `up` finds them there
  running kwok >/dev/null || start kwok "$(module_bin kwok)/kwok" --kubeconfig="$DIR/kubeconfig" \
    --config="$DIR/kwok/kwok.yaml" --manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake \
    --node-lease-duration-seconds=40 --cidr=198.19.0.0/17 --node-ip=127.0.0.1 --node-port="$KWOK" --server-address="127.0.0.1:$KWOK" \
    --tls-cert-file="$DIR/pki/serving.crt" --tls-private-key-file="$DIR/pki/serving.key"
}

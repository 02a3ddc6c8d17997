# Sourced by lib.sh: binaries and images, built from Go modules into the cache.
# shellcheck shell=bash

# The folder of a module's binaries. Its name is a hash of what they are built from, so that a change
# builds anew and checkouts share what is equal.
module_bin() {
  local sum
  sum=$(cd "$HERE/modules/$1" && cat go.mod $(ls go.sum main.go 2>/dev/null) | sha256sum | cut -c1-12)
  echo "$CACHE/$1-$sum"
}

# required MODULE PATH: prints the version of PATH in the module's go.mod.
required() { awk -v path="$2" '$1 == "require" { $1 = $2; $2 = $3 } $1 == path && $2 ~ /^v/ { print $2; exit }' "$HERE/modules/$1/go.mod"; }

# build MODULE NAME PACKAGE CGO LDFLAGS [TAGS]
build() {
  local into
  into=$(module_bin "$1")
  [[ -x $into/$2 ]] && return
  mkdir -p "$into"
  say "building $2 (kube-apiserver takes minutes the first time)"
  (cd "$HERE/modules/$1" && GOFLAGS=-mod=readonly CGO_ENABLED=$4 go build -trimpath -buildvcs=false \
    -tags "${6:-}" -ldflags "-s -w $5" -o "$into/.$2" "$3") || die "building $2 failed"
  mv "$into/.$2" "$into/$2"
}

build_control_plane() {
  local version minor flags='' package name
  version=$(required kubernetes k8s.io/kubernetes)
  minor=${version#v1.}
  minor=${minor%%.*}
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
    flags+=" -X $package.gitTreeState=clean -X $package.gitCommit=$version -X $package.buildDate=1970-01-01T00:00:00Z"
  done
  for name in kube-apiserver kube-controller-manager kube-scheduler kubectl kubelet; do
    build kubernetes $name k8s.io/kubernetes/cmd/$name 0 "$flags"
  done
  build kubernetes etcd go.etcd.io/etcd/server/v3 0 ''
}

build_kwok() { build kwok kwok sigs.k8s.io/kwok/cmd/kwok 0 "-X sigs.k8s.io/kwok/pkg/consts.Version=$(required kwok sigs.k8s.io/kwok)"; }

build_runtime() {
  local containerd=github.com/containerd/containerd/v2 cni=github.com/containernetworking/plugins/plugins version name
  version="-X $containerd/version.Version=$(required runtime $containerd)"
  for name in containerd containerd-shim-runc-v2 ctr; do
    build runtime $name $containerd/cmd/$name 0 "$version" 'no_btrfs no_devmapper no_zfs'
  done
  # containerd gives every sandbox a seccomp profile; a runc without libseccomp refuses it.
  [[ -f /usr/include/seccomp.h ]] || { apt-get install -y libseccomp-dev || { apt-get update && apt-get install -y libseccomp-dev; }; } >/dev/null 2>&1 ||
    die 'apt-get install libseccomp-dev failed'
  build runtime runc github.com/opencontainers/runc 1 '-linkmode external -extldflags -static' seccomp
  build runtime bridge $cni/main/bridge 0 ''
  build runtime host-local $cni/ipam/host-local 0 ''
  build runtime loopback $cni/main/loopback 0 ''
  build workload workload . 0 ''
}

# The containers' shell and tools: Debian's static busybox, so that no image has to be pulled.
busybox() {
  local found=$CACHE/busybox
  if [[ ! -x $found ]]; then
    local work
    work=$(mktemp -d)
    (cd "$work" && { apt-get download busybox-static || { apt-get update && apt-get download busybox-static; }; } &&
      dpkg-deb -x busybox-static_*.deb .) >/dev/null 2>&1 || die 'apt-get download busybox-static failed'
    cp "$(find "$work" -path '*/bin/busybox' -type f)" "$found"
    rm -rf "$work"
  fi
  echo "$found"
}

# Makes one archive of testbed.local/pause:1, testbed.local/box:1 and testbed.local/box:2. The two boxes have the
# same files: what differs is the name, which is all that a rolling update needs.
build_images() {
  local archive work layer tag config
  archive=$(module_bin workload)/images.tar
  if [[ ! -f $archive ]]; then
    say 'making the container images'
    work=$(mktemp -d)
    mkdir -p "$work"/root/{bin,etc,tmp,proc,sys,dev}
    cp "$(busybox)" "$work/root/bin/busybox"
    cp "$(module_bin workload)/workload" "$work/root/bin/workload"
    "$work/root/bin/busybox" --list | while read -r tag; do
      [[ $tag == busybox ]] || ln -s busybox "$work/root/bin/$tag"
    done
    echo 'root:x:0:0:root:/:/bin/sh' >"$work/root/etc/passwd"
    layer=$work/layer.tar
    tar -C "$work/root" --sort=name --owner=0 --group=0 --mtime=@0 -cf "$layer" .
    layer=sha256:$(sha256sum "$layer" | cut -d' ' -f1)
    local manifest=''
    for tag in pause:1 box:1 box:2; do
      local command='["/bin/sh"]'
      [[ $tag == pause:* ]] && command='["/bin/workload","pause"]'
      config=${tag/:/-}.json
      printf '{"architecture":"amd64","os":"linux","config":{"Cmd":%s,"Env":["PATH=/bin","IMAGE=%s"]},"rootfs":{"type":"layers","diff_ids":["%s"]}}' \
        "$command" "$tag" "$layer" >"$work/$config"
      manifest+="${manifest:+,}{\"Config\":\"$config\",\"RepoTags\":[\"testbed.local/$tag\"],\"Layers\":[\"layer.tar\"]}"
    done
    echo "[$manifest]" >"$work/manifest.json"
    tar -C "$work" -cf "$archive.part" manifest.json layer.tar pause-1.json box-1.json box-2.json
    mv "$archive.part" "$archive"
    rm -rf "$work"
  fi
}

# Builds what this instance needs and the cache lacks. A lock keeps a second builder waiting.
build_all() {
  mkdir -p "$CACHE"
  exec 9>"$CACHE/lock"
  flock 9
  build_control_plane
  if ((KWOK_NODES > 0)); then build_kwok; fi
  if ((KUBELETS > 0)); then
    build_runtime
    build_images
  fi
  exec 9>&-
}

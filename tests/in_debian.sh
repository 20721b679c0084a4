#!/bin/sh
# The suite in another Debian, with its RabbitMQ, PostgreSQL and Python: what `make test SERVERS=…`
# runs. As root, on Linux; Debian's debootstrap makes what is missing.
#
#   tests/in_debian.sh SUITE [VARIABLE=VALUE of make test …]
#
# SUITE is `trixie` (RabbitMQ 4.0, PostgreSQL 17, Python 3.13) or `forky` (4.3, 18, 3.14). Its root
# is SERVERS_FOLDER/SUITE, where that is unset .handoff/servers/SUITE; it is made once and kept. The
# checkout has the same place in it as outside, but a .venv and a .handoff of the root's own. All
# mounts are in a mount namespace of this run alone, and end with it, however it ends.
set -eu

suite=${1:-}
[ $# = 0 ] || shift
fail() {
  echo "make test SERVERS=$suite: $*" >&2
  exit 1
}

case $suite in
trixie | forky) ;;
*) fail "no such suite: it is trixie (RabbitMQ 4.0, PostgreSQL 17) or forky (RabbitMQ 4.3, PostgreSQL 18)" ;;
esac
checkout=$(cd "$(dirname "$0")/.." && pwd -P)
root=$(realpath -m "${SERVERS_FOLDER:-$checkout/.handoff/servers}/$suite")

[ "$(id -u)" = 0 ] || fail "only root may mount and chroot: become root, or use a container"
command -v unshare >/dev/null || fail "there is no unshare, of util-linux: this runs on Linux alone"
if [ ! -e "$root/var/lib/dpkg/status" ] || [ -e "$root/debootstrap" ]; then
  command -v debootstrap >/dev/null ||
    fail "no Debian in $root, and no debootstrap to make it: apt-get install debootstrap (on Debian or Ubuntu)"
fi
if [ -z "${HANDOFF_OWN_MOUNTS:-}" ]; then
  unshare --mount true 2>/dev/null ||
    fail "root may make no mount namespace here: a container needs CAP_SYS_ADMIN for it"
  HANDOFF_OWN_MOUNTS=yes exec unshare --mount --propagation private -- "$0" "$suite" "$@"
fi

certificates=/etc/ssl/certs/ca-certificates.crt
# The servers and Python, and what the suite itself calls: git, ps, pdftotext, curl, a browser with a font, and
# who watches: where that is unpacked only, Alertmanager needs mounts of its own, which a chroot has not.
packages="rabbitmq-server postgresql python3 python3-pip python3-venv make git procps poppler-utils curl
  chromium fonts-dejavu-core prometheus prometheus-alertmanager"

in_root() {
  env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    TERM="${TERM:-dumb}" DEBIAN_FRONTEND=noninteractive \
    SSL_CERT_FILE=$certificates PIP_CERT=$certificates NODE_EXTRA_CA_CERTS=$certificates \
    http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" no_proxy="${no_proxy:-}" \
    chroot "$root" "$@"
}

in_own_words() {
  # Quiet, but for the end of what it said where it failed.
  "$@" >>"$root.log" 2>&1 || fail "$1 failed, and said in $root.log: $(tail -n 3 "$root.log")"
}

make_root() {
  # The mirror of this machine, which is known to answer. An old debootstrap knows no new suite.
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
  [ -n "$mirror" ] || fail "/etc/apt/sources.list.d/debian.sources names no mirror to install from"
  script=/usr/share/debootstrap/scripts/$suite
  [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
  echo "Debian $suite is being made in $root: some minutes, once" >&2
  mkdir -p "$root"
  in_own_words debootstrap --variant=minbase --include=ca-certificates \
    "$suite" "$root" "$mirror" "$script"
}

mount_system() {
  for place in proc sys dev; do
    mount --rbind "/$place" "$root/$place"
  done
  # Names and certificates are this machine's.
  for file in /etc/resolv.conf /etc/hosts $certificates; do
    if [ -e "$file" ]; then
      mkdir -p "$root$(dirname "$file")"
      touch "$root$file"
      mount --bind "$(realpath "$file")" "$root$file"
    fi
  done
}

has_packages() {
  # shellcheck disable=SC2086  # a list
  states=$(in_root dpkg-query --show --showformat '${db:Status-Status} ' $packages 2>/dev/null) || return 1
  for state in $states; do
    [ "$state" = installed ] || return 1
  done
}

install_packages() {
  ! has_packages || return 0
  echo "its servers and Python are being installed: some minutes, once" >&2
  # No service is to start there, and no cluster to be made.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  mkdir -p "$root/etc/postgresql-common"
  echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.conf"
  in_own_words in_root apt-get -q update
  # shellcheck disable=SC2086
  in_own_words in_root apt-get -q install -y --no-install-recommends $packages
}

mount_checkout() {
  own=$root/srv/handoff$checkout
  mkdir -p "$root$checkout" "$own/venv" "$own/handoff" "$checkout/.venv" "$checkout/.handoff"
  mount --bind "$checkout" "$root$checkout"
  mount --bind "$own/venv" "$root$checkout/.venv"
  mount --bind "$own/handoff" "$root$checkout/.handoff"
  # The suite asks git for the files, and a worktree has git's books elsewhere.
  books=$(git -C "$checkout" rev-parse --path-format=absolute --git-common-dir 2>/dev/null) || return 0
  case $books in
  "$checkout"/*) ;;
  *)
    mkdir -p "$root$books"
    mount --bind --options ro "$books" "$root$books"
    ;;
  esac
}

[ -e "$root/var/lib/dpkg/status" ] && [ ! -e "$root/debootstrap" ] || make_root
mount_system
install_packages
mount_checkout
in_root sh -c '. /etc/os-release; echo "$PRETTY_NAME"; python3 --version;
  dpkg-query --show --showformat "\${Package} \${Version}\n" rabbitmq-server postgresql'
in_root make --no-print-directory -C "$checkout" test "$@"

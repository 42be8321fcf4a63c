# Sourced after common.sh by the scripts that install something; each function leaves alone what is present already.

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "installing packages needs root: run this as root, or install sudo"
  fi
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Installs packages of Debian. Services among them are not started (Debian Policy 9.3.3).
install_packages() {
  local missing=() name
  for name in "$@"; do
    installed "$name" || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  local log=$root/build/install.log
  mkdir -p "$root/build"
  as_root apt-get update -q >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "apt-get update failed: is the network there?"; }
  apt_install "${missing[@]}" >>"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "apt-get could not install ${missing[*]}; all of its output is in build/install.log"; }
}

# In a subshell, so that the rule goes with it however it ends.
apt_install() (
  rule=/usr/sbin/policy-rc.d
  if [ ! -e "$rule" ]; then
    trap 'as_root rm -f "$rule"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$rule" >/dev/null
    as_root chmod 755 "$rule"
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
)

check_release() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail "this script knows Debian 12 (bookworm) only; README.md lists the libraries to install by hand"
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
  [ "$codename" = bookworm ] || say "note: this is ${codename:-unknown}; package names and versions are those of bookworm"
}

# Runs a command unless it has already run for this version of the file and its result exists. The stamp is in the folder
# that the command makes.
once_for() {
  local file=$1 stamp=$2/.installed-for result=$3 sum
  shift 3
  sum=$(sha256sum <"$file")
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && [ -x "$result" ]; then
    return
  fi
  "$@"
  echo "$sum" >"$stamp"
}

# Makes a Python environment with exactly the packages that the file lists. Debian's pip refuses to install anywhere else.
python_environment() {
  local folder=$1 requirements=$2
  rm -rf "$folder"
  /usr/bin/python3 -m venv "$folder" || fail "python3 -m venv failed: is python3-venv installed?"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements" ||
    fail "pip could not install what $requirements lists"
}

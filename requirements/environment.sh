# Sourced by ./demo, ./test and ./prove in the checkout's folder: makes .venv hold what a lock names.
# Shell functions only; POSIX sh.

say() { printf '%s\n' "$*" >&2; }

# The first Python of 3.11 or newer, or nothing.
find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

is_root_with_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# Once per run, and only if something has to be fetched.
apt_update() {
    [ -z "${apt_updated:-}" ] || return 0
    apt-get update -qq >/dev/null || say "apt-get update failed; trying with what is known."
    apt_updated=1
}

apt_install() {
    say "Installing with apt: $*"
    apt_update
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null </dev/null
}

has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

need_python() {
    python=$(find_python) || python=
    if [ -z "$python" ] || ! has_venv "$python"; then
        if is_root_with_apt; then
            apt_install python3 python3-venv
            python=$(find_python) || python=
        fi
    fi
    if [ -z "$python" ]; then
        say "Python 3.11 or newer is needed. Install it, e.g.: sudo apt install python3 python3-venv   (macOS: brew install python)"
        exit 1
    fi
    if ! has_venv "$python"; then
        say "Python's venv module is missing. Type: sudo apt install python3-venv   and start again."
        exit 1
    fi
}

# make_environment runtime|dev
# Stamps of lock and place make the second start quick. An environment with the dev lock serves the demo too.
make_environment() {
    wanted=$1
    stamp="$(cksum <requirements/runtime.txt) $(cksum <requirements/dev.txt) $(cksum <pyproject.toml)"
    # Commands in an environment name its place, so one that was moved or copied is made anew.
    if [ "$(cat .venv/prorata-place 2>/dev/null)" != "$(pwd)" ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        rm -rf .venv
    fi
    for kind in dev "$wanted"; do
        if [ "$(cat ".venv/prorata-$kind" 2>/dev/null)" = "$stamp" ]; then
            return 0
        fi
    done
    [ -e .venv/prorata-dev ] && wanted=dev

    say "Preparing .venv (once) ..."
    if command -v uv >/dev/null 2>&1; then
        # uv takes a Python that is here, else brings one.
        [ -d .venv ] || uv venv --quiet --seed --python '>=3.11' .venv
        rm -f .venv/prorata-*
        uv pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r "requirements/$wanted.txt"
        uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --no-index --editable .
    else
        if [ ! -d .venv ]; then
            need_python
            "$python" -m venv .venv
        fi
        rm -f .venv/prorata-*
        pip_install --require-hashes -r "requirements/$wanted.txt"
        pip_install --no-build-isolation --no-index --editable .
    fi
    pwd >.venv/prorata-place
    printf '%s\n' "$stamp" >".venv/prorata-$wanted"
}

pip_install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps "$@"
}

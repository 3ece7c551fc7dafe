# Sourced by ./test and ./prove after environment.sh: the Nu HTML checker, a Java program. POSIX sh.
#
# Java and npm are installed where that is allowed. The checker is the npm package vnu-jar, 30 MB once, held by version
# and hash in html_checker/package-lock.json; nothing of it is run at installing.
# A newer one: change the version in package.json and delete the lock, then in that folder
#     npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts

checker_lock=requirements/html_checker
checker_place=.prorata-test/html-checker

# need_html_checker: brings what it can, and says what is left out and why.
need_html_checker() {
    bring_html_checker || say "What the HTML checker needs could not all be brought."
    left_out=$(PYTHONPATH=tests PRORATA_MODE=test .venv/bin/python -c 'from support.html_checker import missing; print(missing())')
    [ -z "$left_out" ] || say "Left out: the pages' HTML held against the standard. $left_out"
}

bring_html_checker() {
    if ! command -v java >/dev/null 2>&1 && is_root_with_apt; then
        apt_install default-jre-headless || return 1
    fi
    stamp=$(cat "$checker_lock"/*.json | cksum)
    [ "$(cat "$checker_place/stamp" 2>/dev/null)" != "$stamp" ] || return 0
    if ! command -v npm >/dev/null 2>&1; then
        is_root_with_apt || return 0
        apt_install npm || return 1
    fi
    say "Fetching the Nu HTML checker (once) ..."
    rm -rf "$checker_place"
    mkdir -p "$checker_place"
    cp "$checker_lock"/*.json "$checker_place" || return 1
    (cd "$checker_place" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) || return 1
    printf '%s\n' "$stamp" >"$checker_place/stamp"
}

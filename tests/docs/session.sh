# The shell of one page: bash session.sh FIFO MARK FIXTURE
# Reads "command FILE" and "script FILE" lines from FIFO, so that its terminal is all the commands'
# own, and prints MARK and the exit status after each.
exec 9<>"$1"
docs_mark=$2
# Not exported: a command that gets the secret through its environment is not what pages teach.
# shellcheck disable=SC1090
. "$3"
set --
trap 'printf "%s %d;" "$docs_mark" "$?"' EXIT
printf '%s %d;' "$docs_mark" 0

while read -r -u 9 docs_kind docs_file; do
    [[ $docs_kind == script ]] && set -euo pipefail
    # shellcheck disable=SC1090
    . "$docs_file" 9<&-
    docs_status=$?
    set +eu +o pipefail
    printf '%s %d;' "$docs_mark" "$docs_status"
done

# Makes the environment that the commands beside this file run in; they source it. Needs bash 3.2 or newer.
#
#   prepare data    .venv holds the program and the packages that its cells use
#   prepare dev     … and what its tests and checks need
#
# It needs a package index once, and no network after that. It does not know what the commands do, and it
# never writes to stdout. An environment counts as whole only when its stamp, written last, is there and
# names what it was made from; after an interruption it is made anew.

root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
setup=$root/.venv-setup # the lock, the logs, and the engine where no cache folder can be written

say() { printf '%s\n' "$*" >&2; }

fail() { # CAUSE AND REMEDY [LOG]
    say "offline-interpreter: $1"
    if [[ -n ${2-} ]]; then
        { grep -E -m 4 '(rror:|CMake Error|ERROR)' "$2" || tail -n 5 "$2"; } | cut -c 1-200 | sed 's/^ */    /' >&2
        say "    Everything is in $2"
    fi
    put_stamps_back_if_untouched
    exit 1
}

package_hint() { # APT DNF MACOS: what to type here
    if [[ $(uname -s) == Darwin ]]; then
        printf '%s' "$3"
    elif command -v dnf >/dev/null && ! command -v apt-get >/dev/null; then
        printf 'sudo dnf install %s' "$2"
    else
        printf 'sudo apt-get install %s' "$1"
    fi
}

# --- what an environment is made from -------------------------------------------------------------------

engine_version() { sed -n 's/^ *"llama-cpp-python==\([^"]*\)".*/\1/p' "$root/pyproject.toml"; }

processor() { # only what a compiler uses: a new kernel lists other flags, and the engine stays good
    uname -sm
    grep -m 1 -iE '^(flags|features)' /proc/cpuinfo 2>/dev/null |
        tr ' ' '\n' | grep -E '^(sse4|avx|amx|fma|f16c|bmi|asimd|sve|sme|i8mm|bf16)' | sort -u ||
        sysctl -n machdep.cpu.brand_string 2>/dev/null || true
    getconf GNU_LIBC_VERSION 2>/dev/null || true
}

checksum() { cksum | cut -d ' ' -f 1; }

engine_name() { # it is built for exactly one processor and C library, so a shared home may hold several
    printf '%s-%s-%s' "$(engine_version)" "$backend" "$({ processor; cat "$root/scripts/engine_only.cmake"; } | checksum)"
}

choose_backend() { # named by the person, else as it was, else what the machine offers
    local wanted=${OFFLINE_INTERPRETER_BACKEND-}
    if [[ -z $wanted && -f $venv/whole/data ]]; then
        read -r wanted <"$venv/whole/data"
    elif [[ -z $wanted ]]; then
        wanted=cpu
        if nvcc --version >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q '^GPU'; then wanted=cuda; fi
    fi
    case $wanted in
        cpu | cuda) printf '%s' "$wanted" ;;
        *) fail "No backend '$wanted'. Use --backend cpu or --backend cuda." ;;
    esac
}

stamp() {
    printf '%s\n%s\n%s\n' "$backend" "$engine" "$root"
    cat "$root/pyproject.toml" "$root/requirements.lock" "$root/scripts/environment.sh" | checksum
}

is_whole() { # WHAT
    [[ -x $venv/bin/python && -f $venv/whole/$1 && $(<"$venv/whole/$1") == "$(stamp)" ]]
}

# --- what the machine must have -------------------------------------------------------------------------

find_python() { # sets python, python_version; each candidate is really run: a shim may be there and fail
    local candidate found bare='' old=''
    local probe='import sys
print(sys.executable, "%d.%d.%d" % sys.version_info[:3], sep="|") if sys.version_info >= (3, 10) else sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(4)'
    for candidate in ${PYTHON:+"$PYTHON"} ${PYTHON:-python3.13 python3.12 python3.11 python3.10 python3}; do
        found=$("$candidate" -I -c "$probe" 2>/dev/null) && {
            python=${found%|*} python_version=${found##*|}
            return
        }
        case $? in 3) old=$candidate ;; 4) bare=${bare:-$candidate} ;; esac
    done
    if [[ -n $bare ]]; then
        fail "$bare lacks the venv module. Install it: $(package_hint "$(basename "$bare")-venv" python3-pip 'brew install python')."
    fi
    fail "${PYTHON:+PYTHON=$PYTHON is no }${PYTHON:-No }Python 3.10 or newer${old:+: $old is older}. Install one: $(
        package_hint 'python3 python3-venv' python3 'brew install python')."
}

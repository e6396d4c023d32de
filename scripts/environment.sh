# Makes the environment that the commands beside this file run in; they source it. Needs bash 3.2 or newer.
#
#   prepare data    .venv holds the program and the packages that its cells use
#   prepare dev     … and what its tests and checks need: also samples, in the cache folder
#
# Set-up needs a package index; later runs need no network. Nothing here writes to stdout or reads stdin: they
# belong to the program. An environment counts as whole only when a stamp, written last, names what it was made
# from; one without a stamp was interrupted and is made anew. To start over, remove .venv.
# shellcheck shell=bash

root=$(cd -P "${BASH_SOURCE[0]%/*}/.." && pwd)
venv=$root/.venv
setup=$root/.venv-setup # the lock, the logs, and the engine where no cache folder can be written
lock=$root/requirements.lock
ours=made-by-scripts    # marks a .venv that may be removed and made anew

say() { printf '%s\n' "$*" >&2; }

fail() { # CAUSE AND REMEDY, [LOG]
    say "offline-interpreter: $1"
    if [[ -n ${2-} ]]; then
        { grep -E -m 4 'rror: |CMake Error|ERROR: ' "$2" || tail -n 4 "$2"; } | cut -c 1-200 | sed 's/^ */    /' >&2
        say "    The whole log: $2"
    fi
    keep_if_untouched
    exit 1
}

package_hint() { # APT, DNF, MACOS: what to type on this machine
    if [[ $(uname -s) == Darwin ]]; then
        printf '%s' "$3"
    elif command -v dnf >/dev/null; then
        printf 'sudo dnf install %s' "$2"
    else
        printf 'sudo apt-get install %s' "$1"
    fi
}

# --- What an environment is made from -------------------------------------------------------------------

engine_version() { sed -n 's/^ *"llama-cpp-python==\([^"]*\)".*/\1/p' "$root/pyproject.toml"; }

processor() { # only what a compiler uses: a new kernel lists other flags, and the engine stays good
    uname -sm
    getconf GNU_LIBC_VERSION 2>/dev/null || true
    grep -m 1 -iE '^(flags|features)' /proc/cpuinfo 2>/dev/null |
        grep -oE '\b(sse4|avx|amx|fma|f16c|bmi|asimd|sve|i8mm|bf16)[^ ]*' ||
        sysctl -n machdep.cpu.brand_string 2>/dev/null || true
}

checksum() { cksum | tr ' ' '-'; }

engine_name() { # the engine is built for one processor and C library, and a home may be shared by several
    printf '%s-%s-%s' "$(engine_version)" "$backend" "$({ processor && cat "$root/scripts/engine_only.cmake"; } | checksum)"
}

choose_backend() { # what the person names, else what is there, else what the machine offers
    local wanted=${OFFLINE_INTERPRETER_BACKEND-}
    if [[ -z $wanted && -f $venv/whole/data ]]; then
        read -r wanted <"$venv/whole/data"
    elif [[ -z $wanted ]] && nvcc --version >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q '^GPU'; then
        wanted=cuda
    fi
    case ${wanted:=cpu} in
        cpu | cuda) printf '%s' "$wanted" ;;
        *) fail "There is no backend '$wanted'. Use cpu or cuda." ;;
    esac
}

stamp() {
    printf '%s\n' "$backend" "$engine" "$root"
    cat "$root/pyproject.toml" "$lock" "$root/scripts/environment.sh" | checksum
}

is_whole() { # data | dev
    [[ -x $venv/bin/python && -f $venv/whole/$1 && $(<"$venv/whole/$1") == "$(stamp)" ]]
}

# --- What the machine must have -------------------------------------------------------------------------

find_python() { # sets python and python_version; each candidate is really run: a shim can be there and fail
    local candidate found status bare='' why=${PYTHON:+"$PYTHON does not run"}
    local candidates=(python3.13 python3.12 python3.11 python3.10 python3)
    local probe='import sys
print(sys.executable, "%d.%d" % sys.version_info[:2], sep="|")
if sys.version_info < (3, 10): sys.exit(3)
try: import venv; from ensurepip import version
except ImportError: sys.exit(4)'
    if [[ -n ${PYTHON-} ]]; then candidates=("$PYTHON"); fi
    for candidate in "${candidates[@]}"; do
        status=0
        found=$("$candidate" -I -c "$probe" 2>/dev/null) || status=$?
        python=${found%|*} python_version=${found##*|}
        case $status in
            0) return ;;
            3) why="$candidate is $python_version" ;;
            4) bare=${bare:-$python_version} ;;
        esac
    done
    if [[ -n $bare ]]; then
        fail "Python $bare lacks its venv module. Install it: $(package_hint "python$bare-venv" python3 'brew install python')"
    fi
    fail "Python 3.10 or newer is needed, and ${why:-none was found}. Install one: $(
        package_hint 'python3 python3-venv' python3 'brew install python')"
}

find_compilers() { # exports CC and CXX; each candidate really compiles: its headers may be missing
    if ! CC=$(first_compiler c stdio.h ${CC:+"$CC"} cc gcc clang) ||
        ! CXX=$(first_compiler c++ vector ${CXX:+"$CXX"} c++ g++ clang++); then
        fail "Building the engine needs a C++ compiler, and none works here. Install one: $(
            package_hint g++ gcc-c++ 'xcode-select --install')"
    fi
    export CC CXX
    if [[ $backend == cuda ]] && ! nvcc --version >/dev/null 2>&1; then
        fail "The cuda backend needs the CUDA toolkit, and nvcc does not run here. Install it, or use --backend cpu."
    fi
}

first_compiler() { # LANGUAGE, HEADER, CANDIDATES…
    local language=$1 header=$2 candidate
    shift 2
    for candidate in "$@"; do
        if printf '#include <%s>\nint main() { return 0; }\n' "$header" |
            "$candidate" -x "$language" - -o "$setup/compiled" >/dev/null 2>&1; then
            printf '%s' "$candidate"
            return
        fi
    done
    return 1
}

# --- Making it ------------------------------------------------------------------------------------------

show_progress() { # LABEL, LOG: stdin goes to the log; on a terminal one line tells the state, elsewhere some do
    local label=$1 line state='' quarter=0
    while IFS= read -r line; do
        printf '%s\n' "$line"
        if [[ $line =~ ^[[:space:]]*\[([0-9]+)/([0-9]+)\] ]]; then
            state="${BASH_REMATCH[1]} of ${BASH_REMATCH[2]} files"
            if [[ ! -t 2 ]] && ((4 * BASH_REMATCH[1] / BASH_REMATCH[2] > quarter)); then
                quarter=$((4 * BASH_REMATCH[1] / BASH_REMATCH[2]))
                say "  $label: $state"
            fi
        elif [[ $line =~ ^[[:space:]]*(Collecting|Downloading)[[:space:]]([^[:space:]<>=~!]+) ]]; then
            state=${BASH_REMATCH[2]##*/}
        elif [[ $line == 'Installing collected packages'* ]]; then
            state=unpacking
        fi
        if [[ -t 2 ]]; then printf '\r\033[K  %.70s' "$label: $state" >&2; fi
    done >>"$2"
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
}

pip_failed() { # WHAT, LOG
    if grep -q 'after connection broken by' "$2"; then
        fail "$1: no package index can be reached. Set-up needs one; later runs need no network." "$2"
    fi
    fail "$1." "$2"
}

pip() { # the environment's own, kept from what the person's shell sets for other Pythons
    PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -I -m pip "$@" --progress-bar off 2>&1
}

make_venv() { # a whole one is kept and brought up to date, which needs no network when nothing new is wanted
    if [[ -d $venv/whole ]] && "$venv/bin/python" -I -c 'import pip' 2>/dev/null; then return; fi
    if [[ -e $venv && ! -e $venv/$ours ]]; then
        fail "$venv was made by somebody else. Move it away, and run the same command again."
    fi
    rm -rf "$venv"
    mkdir "$venv"
    : >"$venv/$ours"
    "$python" -I -m venv "$venv" >"$setup/venv.log" 2>&1 ||
        fail "Python $python_version could not make $venv." "$setup/venv.log"
}

cache_folder() { # NAME: outside of the clone, so that the next clone need not build or fetch
    local cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
    cache=${cache:+$cache/offline-interpreter}
    if [[ -z $cache ]] || ! mkdir -p "$cache/$1" 2>/dev/null || [[ ! -w $cache/$1 ]]; then
        cache=$setup
        mkdir -p "$cache/$1"
    fi
    printf '%s' "$cache/$1"
}

wheel_folder() { cache_folder "wheels/$engine"; }

get_samples() { # for tests, of the engine's source, which engine_source is set to: they are not ours to copy
    local folder log=$setup/samples.log
    folder=$(cache_folder "samples/$(engine_version)")
    if [[ -d $folder/models ]]; then return; fi
    say "  Fetching the engine's source, 75 MB: tests use its chat templates and vocabularies."
    rm -rf "$setup/source"
    : >"$log"
    if ! pip download --no-deps --no-binary llama-cpp-python -d "$setup/source" \
        "llama-cpp-python==$(engine_version)" | show_progress "Fetching the engine's source" "$log"; then
        pip_failed "The engine's source could not be fetched" "$log"
    fi
    engine_source=$(printf '%s' "$setup/source"/*.tar.gz)
    unpacking=$(mktemp -d "$folder/unpacking.XXXXXX")
    tar -xzf "$engine_source" -C "$unpacking" --no-same-owner --strip-components 3 \
        "$(basename "$engine_source" .tar.gz)/vendor/llama.cpp/models" 2>>"$log" ||
        fail "The engine's source holds no models/ where it is looked for." "$log"
    mv "$unpacking/models" "$folder/" && rmdir "$unpacking"
}

find_engine() { # FOLDER: sets wheel
    for wheel in "$1"/llama_cpp_python-*.whl; do [[ -f $wheel ]] && return; done
    return 1
}

get_engine() { # sets wheel: the engine as it was built once, else built now
    local folder log=$setup/engine.log duration='about 2 minutes on 2 cores'
    folder=$(wheel_folder)
    if find_engine "$folder"; then return; fi
    find_compilers
    if [[ $backend == cuda ]]; then duration='10 to 30 minutes'; fi
    say "  Building the engine, llama.cpp for $backend: $duration, and only once."
    # Not from pip's cache, which knows a wheel by its version and not by how it was built.
    building=$(mktemp -d "$folder/building.XXXXXX")
    : >"$log"
    if ! CMAKE_ARGS='' SKBUILD_CMAKE_DEFINE=$(engine_defines) pip wheel -v --no-deps --no-cache-dir --no-binary llama-cpp-python \
        -w "$building" "${engine_source:-llama-cpp-python==$(engine_version)}" |
        show_progress 'Building the engine' "$log"; then
        rm -rf "$building"
        pip_failed "The engine could not be built; it needs a C++17 compiler ($(package_hint g++ gcc-c++ 'xcode-select --install'))" "$log"
    fi
    mv "$building"/*.whl "$folder/"
    rmdir "$building" && rm -f "$setup/compiled"
    find_engine "$folder"
}

engine_defines() { # the engine without its tools, its server and its multimodal library: a third of the work
    printf '%s;' "CMAKE_PROJECT_llama_cpp_INCLUDE=$root/scripts/engine_only.cmake" LLAVA_BUILD=OFF \
        LLAMA_BUILD_TOOLS=OFF LLAMA_BUILD_TESTS=OFF LLAMA_BUILD_EXAMPLES=OFF LLAMA_BUILD_SERVER=OFF
    if [[ $backend == cuda ]]; then printf 'GGML_CUDA=ON'; else printf 'GGML_CUDA=OFF'; fi
}

# pip resolves and downloads first: when it fails before it installs anything, what was whole still is.
keep_if_untouched() {
    if [[ -d $venv/whole.held ]] && ! grep -q '^Installing collected packages' "$setup/packages.log"; then
        mv "$venv/whole.held" "$venv/whole"
    fi
}

install_packages() { # EXTRAS
    local log=$setup/packages.log
    say '  Installing packages: about a minute.'
    : >"$log"
    if [[ -d $venv/whole ]]; then mv "$venv/whole" "$venv/whole.held"; fi
    if ! {
        # The build backend stays, so that a later version of the project can be set up with no network.
        pip install -c "$lock" hatchling editables &&
            (cd "$root" && pip install -c "$lock" --no-build-isolation "$wheel" -e ".[$1]") &&
            pip install --no-index --no-deps --force-reinstall "$wheel"
    } | show_progress 'Installing packages' "$log"; then
        pip_failed 'The packages could not be installed' "$log"
    fi
    if ! "$venv/bin/python" -I -c 'import llama_cpp' >>"$log" 2>&1; then
        rm -f "$wheel"
        fail 'The engine cannot be loaded. Run the same command again to build it anew.' "$log"
    fi
}

take_lock() { # on descriptor 9; what set-up starts inherits it, so that it ends with the last of them
    exec 9>"$setup/lock"
    "$python" -I -c 'import fcntl, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
try: fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another set-up of this folder runs. Waiting for it; Ctrl-C stops.", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError: pass # a file system without locks'
}

interrupted() {
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
    rm -rf "${building-}" "${unpacking-}"
    say 'Set-up was stopped. The next run does it again.'
    keep_if_untouched
    exit 130
}

set_up() { # data | dev
    mkdir -p "$setup" 2>/dev/null && [[ -w $root ]] ||
        fail "$root cannot be written to. Set-up makes .venv there; copy the project to a folder of your own."
    find_python
    trap interrupted INT TERM HUP
    take_lock
    if is_whole "$1"; then return; fi
    say "Setting up Offline Interpreter in $venv (Python $python_version, $backend). Ctrl-C stops."
    make_venv
    engine_source=''
    if [[ $1 == dev ]]; then get_samples; fi
    get_engine
    rm -rf "$setup/source"
    install_packages "$([[ $1 == dev ]] && echo data,dev || echo data)"
    rm -rf "$venv/whole.held"
    mkdir "$venv/whole"
    stamp >"$venv/whole/data"
    if [[ $1 == dev ]]; then stamp >"$venv/whole/dev"; fi
    say "Set up in $SECONDS s."
}

prepare() { # data | dev
    backend=$(choose_backend)
    engine=$(engine_name)
    if is_whole "$1"; then return; fi
    set_up "$1" </dev/null >&2
    exec 9>&-
    trap - INT TERM HUP
}

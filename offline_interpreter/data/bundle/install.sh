#!/bin/sh
# Installs Offline Interpreter @version@ from this folder, without a network:  sh install.sh [--target DIR] [--check]
# It needs Python @python_version@ and nothing else. PYTHON=/path/to/python names one.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P) || exit 1

tag='import sys; print("cp%d%d" % sys.version_info[:2])'
any=
for python in ${PYTHON:+"$PYTHON"} python@python_version@ python3 python; do
    found=$("$python" -I -c "$tag" 2>/dev/null) || continue
    if [ "$found" = @python@ ]; then
        # Appended to the path, so that nothing in this folder is taken for a part of Python itself.
        exec "$python" -I -B -X utf8 -c 'import sys
sys.path.append(sys.argv.pop(1))
from installer.main import main
sys.exit(main())' "$here" "$@"
    fi
    any=${any:-$found}
done
machine=$(uname -sm | tr 'L' 'l')
echo "offline-interpreter: Bundle is for @python@ @system@; this is ${any:-without Python} $machine." \
    "Install Python @python_version@, or name it: PYTHON=/path/to/python@python_version@ sh install.sh" >&2
exit 1

#!/bin/sh
# Writes the schema compiler's output for the schemas of this folder to request/. Needs capnp (Debian: capnproto).
set -eu
cd "$(dirname "$0")"
unset PWD # capnp warns when it is not the folder's canonical name
temporary=$(mktemp)
trap 'rm -f "$temporary"' EXIT
compile() {
    output=$1
    shift
    capnp compile -o- --src-prefix=. "$@" >"$temporary"
    cp "$temporary" "request/$output.bin"
}
compile operation operation/*.capnp
compile control control.capnp
compile remote remote.capnp

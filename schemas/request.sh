#!/bin/sh
# Writes the schema compiler's output for the schemas of this folder to request/. Needs capnp (Debian: capnproto).
set -eu
cd "$(dirname "$0")"
unset PWD # capnp warns when it is not the folder's canonical name
compile() {
    output=$1
    shift
    capnp compile -o- --src-prefix=. "$@" >"request/$output.tmp"
    mv "request/$output.tmp" "request/$output.bin"
}
compile operation operation/*.capnp
compile control control.capnp

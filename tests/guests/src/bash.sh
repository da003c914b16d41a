# What a shell does with processes, descriptors and signals.
shopt -s lastpipe
echo "== pipelines"
seq 1 1000 | grep 7 | sort -r | head -n 3
printf '%s\n' c a b | while read -r line; do last=$line; done; echo "last $last"
false | true | false; echo "${PIPESTATUS[@]}"
set -o pipefail; false | true; echo "pipefail $?"; set +o pipefail
diff <(echo one; echo two) <(echo one; echo three)
echo "out of order" > >(cat >&2); wait $!
yes | head -n 1
echo "== here documents"
cat <<EOF
home is ${HOME:+set}, sum $((3 * 14))
EOF
cat <<'EOF'
nothing $expanded here
EOF
cat <<< "a string"
head -c 100000 /dev/zero | tr '\0' x > big
wc -c <<< "$(cat big)"
echo "== substitutions"
a=$(echo "$(echo nested "$(echo deeper)")"); echo "$a"
echo "$(< big)" | wc -c
echo {1..5} {a..c}{x,y}
echo "== functions, arrays and arithmetic"
fib() { (( $1 < 2 )) && echo "$1" || echo $(( $(fib $(( $1 - 1 ))) + $(fib $(( $1 - 2 ))) )); }
fib 8
declare -A map=([one]=1 [two]=2); for k in one two; do echo "$k=${map[$k]}"; done
words=(z y x); printf '%s ' "${words[@]:1}" "${#words[@]}"; echo
[[ abc123 =~ ([a-z]+)([0-9]+) ]] && echo "${BASH_REMATCH[2]} ${BASH_REMATCH[1]}"
printf '%q %(%Y)T\n' "a b" 86400
echo "== descriptors"
exec 5> fifth; echo to five >&5; exec 5>&-; cat fifth
{ echo out; echo err >&2; } 2>&1 | sort
echo gone >&9 2>/dev/null || echo "no descriptor 9"
exec {fd}<> both; echo through >&$fd; cat both; exec {fd}>&-
read -r -t 0.05 < <(sleep 1) || echo "read timed out: $(( $? > 128 ))"
coproc CAT { cat; }; echo to the coprocess >&"${CAT[1]}"; read -r answer <&"${CAT[0]}"; echo "$answer"
eval "exec ${CAT[1]}>&-"; wait "$CAT_PID"; echo "coprocess $?"
echo "== jobs"
sleep 0.1 & wait $!; echo "waited $?"
(exit 7) & wait $!; echo "waited $?"
# In a shell of its own: one that has timed a read catches SIGTERM, and its children may lose it on their way to exec.
bash -c 'sleep 20 & kill $!; wait $! 2>/dev/null; echo "terminated $?"'
sleep 20 & kill -KILL $!; wait $! 2>/dev/null; echo "killed $?"
for i in 3 1 2; do (sleep 0.$i; echo "job $i") & done; wait
for i in {1..40}; do (exit $i) & done; n=0; while wait -n; (( $? != 127 )); do ((n++)); done; echo "reaped $n"
echo "== traps"
trap 'echo "got USR1"' USR1; kill -USR1 $$; echo "after USR1"
trap '' USR2; kill -USR2 $$; echo "USR2 ignored"; (kill -USR2 $BASHPID; echo "and in a child")
trap - USR2; { (kill -USR2 $BASHPID; echo never); } 2>/dev/null; echo "child died of $?"
(trap 'echo leaving' EXIT; exit 3); echo "left $?"
(trap 'echo ended; exit 5' TERM; sleep 5 & kill -TERM $BASHPID; wait); echo "subshell $?"
trap 'echo "child gone"' CHLD; /bin/true; trap - CHLD
set -E; trap 'echo "error on line"' ERR; false; trap - ERR
trap 'echo "alarm"; done=1' ALRM; ( sleep 0.1; kill -ALRM $$ ) & until [[ $done ]]; do sleep 0.05; done
echo "== execution"
(exec -a other bash -c 'echo "I am $0"')
nosuchcommand 2>/dev/null; echo "not found $?"
./fifth 2>/dev/null; echo "not executable $?"
printf '#!/bin/bash\necho "script $0 $*"\n' > script; chmod +x script; ./script a b
printf 'echo "no interpreter $1"\n' > plain; chmod +x plain; ./plain x
{ bash -c 'kill -SEGV $$'; } 2>/dev/null; echo "segv $?"
bash -c 'ulimit -n 64; ulimit -n'
umask 027; touch masked; stat -c %a masked
time_format=$( { TIMEFORMAT=%R; time sleep 0.1; } 2>&1 ); [[ $time_format == 0.* ]] && echo timed
cd /; pwd -P; cd - > /dev/null; cd ..; cd "$OLDPWD"; [[ -f fifth ]] && echo back
trap 'echo "the end"' EXIT
exit 9

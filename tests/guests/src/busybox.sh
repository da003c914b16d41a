# Over eighty applets of busybox, each run as a program of its own.
set -e
b=/bin/busybox
run() { echo "== $*"; $b "$@"; }
$b mkdir -p d/e/f
$b seq 1 200 > d/numbers
printf 'pear 3\napple 10\nfig 2\napple 1\n' > d/fruit
run cat d/fruit
run tac d/fruit
run rev d/fruit
run nl d/fruit
run sort d/fruit
run sort -k2n -r d/fruit
$b cut -d' ' -f1 d/fruit | run sort -u
$b cut -d' ' -f1 d/fruit | $b sort | run uniq -c
run head -n 3 d/numbers
run tail -n 3 d/numbers
run wc d/numbers
run tr a-z A-Z < d/fruit
run sed -n 's/apple/orange/p' d/fruit
run awk '{ s += $2; n[$1]++ } END { print s, n["apple"] }' d/fruit
run grep -c apple d/fruit
run egrep '^(fig|pear)' d/fruit
run fgrep -n fig d/fruit || true
run expand -t 4 d/fruit
run fold -w 7 d/fruit
run paste d/fruit d/fruit
run md5sum d/numbers
run sha1sum d/numbers
run sha256sum d/numbers
run sha512sum d/numbers
run base64 d/fruit
$b base64 d/fruit | run base64 -d
run od -c d/fruit
run hexdump -C d/fruit
run xxd d/fruit
$b cp d/numbers d/copy
run cmp d/numbers d/copy
echo changed >> d/copy
run cmp d/numbers d/copy || echo "cmp says $?"
run diff d/numbers d/copy || echo "diff says $?"
$b diff -u d/numbers d/copy > d/patch || true
$b sed -i '1,2d' d/patch
{ echo '--- d/numbers'; echo '+++ d/numbers'; $b cat d/patch; } > d/patch2
run patch -p0 < d/patch2
run cmp d/numbers d/copy
$b gzip -k d/numbers
$b gunzip -c d/numbers.gz | run md5sum
$b bzip2 -k d/numbers
$b bunzip2 -c d/numbers.bz2 | run md5sum
$b cp d/numbers d/numbers.old
$b tar cf d/a.tar d/fruit d/e
run tar tf d/a.tar
$b mkdir d/out
run tar xf d/a.tar -C d/out
run find d -type d
run find d -name 'numbers*' -size -2
( cd d; $b find fruit e | $b cpio -o -H newc > a.cpio )
run cpio -t < d/a.cpio
$b ln -s fruit d/link
$b ln d/fruit d/hard
run readlink d/link
run realpath d/link | $b sed "s,$PWD,HERE,"
run basename d/e/f
run dirname d/e/f
run stat -c '%F %s %h %a' d/fruit
run test -L d/link
run chmod 640 d/fruit
run stat -c %a d/hard
run touch -d '2001-02-03 04:05:06' d/fruit
run touch -h -d '2001-02-03 04:05:07' d/link
run date -r d/fruit
run date -u -d @86400
run ls -l d/fruit d/link
run du -k d/e | $b cut -f2
run mv d/copy d/moved
run rm d/moved
run rmdir d/e/f
run expr 6 '*' 7
run factor 5040
run seq -w 8 11
echo '2^10 + 3' | run bc
echo '6 7 * p' | run dc
run printf '%05d %x %s\n' 42 255 text
run echo words and words
echo a b c | run xargs -n 1 echo item
echo tee | run tee d/tee
run env -i A=1 B=2 /bin/busybox env
run env | $b grep -c HOME
run uname -s
run uname -m
run whoami
run id -u
run nproc > d/count
run true
run false || echo "false says $?"
run sleep 0.05
run timeout 0.1 /bin/busybox sleep 5 || echo "timeout says $?"
run dd if=d/numbers of=d/dd bs=100 skip=1 count=2 2>/dev/null
run strings d/a.tar | $b head -n 2
run mktemp d/temporary-XXXXXX > d/name; $b rm "$($b tail -n 1 d/name)" d/name
run ash -c 'for i in 1 2 3; do echo $((i * i)); done | { read a; read b; echo $a $b; }'
run ash -c 'trap "echo trapped" TERM; kill -TERM $$; echo after'
run ash -c 'kill -9 $$' || echo "killed: $?"
run uuencode -m d/fruit name
run shuf -i 1-1
run usleep 1000
run yes | $b head -n 2
run mkfifo d/pipe
( echo through a pipe > d/pipe & run cat d/pipe; wait )
run truncate -s 5 d/dd
run wc -c d/dd
run setsid /bin/busybox echo in a session
run logname 2>/dev/null || true
run tty || true
run which sh
run cal 2 2001

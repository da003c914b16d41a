# Debian's coreutils, one program a line.
export LC_ALL=C
mkdir -p a/b/c && cd a
run() { echo "== $*"; "$@"; echo "-> $?"; }
seq 1 3000 > n; printf 'b 2\na 1\nc 3\na 4\n' > w; sort w > sorted; printf 'a x\nc y\n' > other
run arch; run b2sum n; run base32 w; run base64 -w 20 w; run basename /x/y.c .c; run basenc --base16 w
run cat -A w; run chmod -v u+x,o-r w; run chown -v root w; run cksum n; run comm w sorted 2>&1
run cp -av b b2; run cp --sparse=always n sparse; run csplit -s n 100 200; run cut -c1 w
run date -u -d '2020-02-29 12:00 + 1 year' +%F; run dd if=n of=d bs=512 count=3 status=none; run dircolors -b /dev/null
run dirname a/b; run du -b --apparent-size w; run echo -e 'a\tb'; run env -u HOME true; run expand -t3 w
run expr length abcde; run factor 123456789; run false; run fmt -w 5 w; run fold -w 2 w; run head -c 10 n
run id -un; run install -m 700 -D w x/y/z; run join sorted other; run link w hard; run ln -s w soft; run ln -sr x/y/z b/rel
run ls -l --time-style=+ w soft; run ls -laR --time-style=+ x; run ls -i w nothere > /dev/null; run md5sum n; run mkdir -m 711 m
run mkfifo p; run mktemp -u tempXXXXXX > /dev/null; run mv -nv d e; run nice -n 5 nice; run nl w; run nohup echo hup
run numfmt --to=iec 123456; run od -An -tx1 w; run paste -sd, w; run pathchk -p w; run pr -t -2 w; run printenv LC_ALL
run printf '%s-%d-%x\n' s 1 255; run ptx w; run readlink -f soft | sed "s,$HOME,HERE,"; run realpath --relative-to=. x/y/z
run rm -rfv b2; run rmdir -p b/none; run seq -s, 1 5; run sha1sum n; run sha224sum n; run sha256sum n; run sha384sum n; run sha512sum n
run shred -u e; run shuf -i 5-5; run sleep 0.01; run sort -rn n -o rn; run sort --parallel=2 -R --random-source=n n > shuffled
run split -n 4 n part; run stat -c '%n %s %f %h %F' w soft p; run stdbuf -oL echo buffered; run sum n; run sync w
run tac w; run tail -n +2999 n; tail -c 20 n | run tee t1 t2; run test -p p; run timeout 0.1 sleep 5; run timeout -s HUP 0.1 sleep 5
run touch -r w -d '1999-01-01' w; run stat -c %Y w; run tr -d 0-9 < w; run true; run truncate -s 1K t1; run tsort <<< "a b b c"
run tty; run uname -s; run unexpand -a w; run uniq -D w; run unlink hard; run wc -lwc n; run whoami; run yes n | head -n 2
run mknod p2 p; run chgrp root w; run df . > /dev/null; run vdir --time-style=+ x; run nproc > /dev/null; run pinky -h > /dev/null
run sha256sum -c <(sha256sum n); run cp nothere there; run mv w w; run rm m; run cat m; run head -n 1 /proc/self/comm
run ls /nowhere; run chroot --skip-chdir / true; run users > /dev/null; run hostid > /dev/null; run groups

# A repository from its first commit to its repacking.
set -e
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
export GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
clock=1000000000
commit() { clock=$((clock + 60)); GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000" git commit -q -m "$1"; }
git config --global init.defaultBranch main
git config --global gc.auto 0
git config --global core.pager cat
git init -q origin && cd origin
for i in $(seq 1 60); do mkdir -p d$((i % 7)); seq $i $((i * 11)) > d$((i % 7))/f$i; done
git add . && commit first
git checkout -q -b side
sed -i 's/^20$/twenty/' d*/f*; ln -s d1/f1 link; git add -A && commit "on the side"
git checkout -q main
echo more >> d0/f7; git rm -q d3/f59; git mv d1/f1 moved; git add -A && commit "on main"
clock=$((clock + 60)); GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000" git merge -q -m merged side
git tag -a -m "a tag" v1 2>/dev/null || true
git tag light
git status --short --branch
git log --oneline --graph --decorate=no --stat
git diff --stat HEAD~1
git blame -s d0/f7 | tail -n 2
git grep -n twenty | head -n 3
git stash list; echo dirty >> d0/f7; git stash -q; git stash pop -q; git checkout -q -- d0/f7
cd ..
git clone -q origin local
git clone -q --no-hardlinks "file://$PWD/origin" over-protocol 2>&1
git clone -q --bare --depth 1 "file://$PWD/origin" shallow.git 2>&1
(cd local && echo pushed > new && git add new && commit pushed && git push -q origin HEAD:refs/heads/pushed && git fetch -q --all && git branch -a --format='%(refname)')
cd origin
git gc -q --prune=now
git count-objects -v | grep -E '^(count|in-pack|packs|garbage)'
git repack -q -a -d -f --threads=2
git fsck --full --strict 2>&1
git rev-parse main side pushed
git archive main | tar t | sort | head -n 5
git bundle create -q ../all.bundle --all && git bundle verify -q ../all.bundle
git for-each-ref --format='%(objectname) %(refname)' refs/heads
cd ../over-protocol && git fsck --full 2>&1 && git rev-list --all --count
git bisect start -q HEAD HEAD~2 > /dev/null 2>&1 || true; git bisect run true > /dev/null 2>&1 || true; git bisect reset -q 2> /dev/null || true
git worktree add -q ../tree main 2>&1 || git worktree add -q ../tree 2>&1; git worktree list | wc -l

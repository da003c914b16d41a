/* Every pointer of every harmless call made to point where nothing is, or at memory that may not be written. Prints
 * what each call answers; run natively it prints what is right. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* P is a pointer that is made bad, or points at "/", which is also a length of 47, while another one is bad: whatever
 * the order in which a call looks at them, only the bad one is to blame. G always points at zeros. */
#define P 0x50545221
#define G 0x474f4f44

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wmissing-braces"

static struct {
	const char *name;
	long number;
	long arguments[6];
} calls[] = {
#define CALL(name, ...) {#name, SYS_##name, {__VA_ARGS__}}
	CALL(read, 3, P, 8), CALL(write, 4, P, 8), CALL(open, P, O_RDONLY, 0), CALL(stat, P, P), CALL(fstat, 3, P),
	CALL(lstat, P, P), CALL(poll, P, 1, 0), CALL(rt_sigaction, SIGUSR1, P, 0, 8), CALL(rt_sigaction, SIGUSR1, 0, P, 8),
	CALL(rt_sigprocmask, SIG_BLOCK, P, 0, 8), CALL(rt_sigprocmask, SIG_BLOCK, 0, P, 8), CALL(pread64, 3, P, 8, 0),
	CALL(pwrite64, 4, P, 8, 0), CALL(readv, 3, P, 1), CALL(writev, 4, P, 1), CALL(access, P, 0), CALL(pipe, P),
	CALL(select, 1, P, 0, 0, G), CALL(select, 1, 0, P, 0, G), CALL(nanosleep, P, 0),
	CALL(getitimer, 0, P), CALL(setitimer, 0, P, 0), CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, P),
	CALL(bind, 5, P, 16), CALL(connect, 5, P, 16), CALL(sendto, 6, P, 8, MSG_DONTWAIT, 0, 0),
	CALL(recvfrom, 7, P, 8, MSG_DONTWAIT, 0, 0), CALL(sendmsg, 6, P, MSG_DONTWAIT), CALL(recvmsg, 7, P, MSG_DONTWAIT),
	CALL(getsockname, 5, P, P), CALL(setsockopt, 5, SOL_SOCKET, SO_KEEPALIVE, P, 4),
	CALL(getsockopt, 5, SOL_SOCKET, SO_TYPE, P, P), CALL(execve, P, 0, 0), CALL(wait4, -1, P, WNOHANG, 0), CALL(uname, P),
	CALL(fcntl, 3, F_GETLK, P), CALL(truncate, P, 0), CALL(getdents64, 8, P, 1024), CALL(getcwd, P, 4096), CALL(chdir, P),
	CALL(rename, P, P), CALL(mkdir, P, 0700), CALL(rmdir, P), CALL(creat, P, 0600), CALL(link, P, P), CALL(unlink, P),
	CALL(symlink, P, P), CALL(readlink, P, P, 8), CALL(chmod, P, 0600), CALL(chown, P, 0, 0), CALL(gettimeofday, P, 0),
	CALL(getrlimit, RLIMIT_CORE, P), CALL(getrusage, 0, P), CALL(sysinfo, P), CALL(times, P), CALL(getgroups, 0x100, P),
	CALL(rt_sigpending, P, 8), CALL(rt_sigtimedwait, P, 0, G, 8), CALL(sigaltstack, P, 0), CALL(sigaltstack, 0, P),
	CALL(statfs, P, P), CALL(fstatfs, 3, P), CALL(getresuid, P, P, P), CALL(getresgid, P, P, P), CALL(utime, P, 0),
	CALL(mknod, P, S_IFIFO | 0600, 0), CALL(setxattr, P, P, P, 4, 0), CALL(getxattr, P, P, P, 4), CALL(listxattr, P, P, 64),
	CALL(time, P), CALL(futex, P, 1 /* FUTEX_WAKE */, 1, 0, 0, 0), CALL(futex, P, 0 /* FUTEX_WAIT */, 1, G, 0, 0),
	CALL(sched_getaffinity, 0, 128, P), CALL(sched_setaffinity, 0, 128, P), CALL(sched_getparam, 0, P),
	CALL(epoll_ctl, 9, EPOLL_CTL_ADD, 6, P), CALL(epoll_wait, 9, P, 1, 0), CALL(openat, AT_FDCWD, P, O_RDONLY, 0),
	CALL(mkdirat, AT_FDCWD, P, 0700), CALL(newfstatat, AT_FDCWD, P, P, 0), CALL(unlinkat, AT_FDCWD, P, 0),
	CALL(renameat, AT_FDCWD, P, AT_FDCWD, P), CALL(renameat2, AT_FDCWD, P, AT_FDCWD, P, 1),
	CALL(linkat, AT_FDCWD, P, AT_FDCWD, P, 0), CALL(symlinkat, P, AT_FDCWD, P), CALL(readlinkat, AT_FDCWD, P, P, 8),
	CALL(faccessat, AT_FDCWD, P, 0), CALL(fchmodat, AT_FDCWD, P, 0600), CALL(fchownat, AT_FDCWD, P, 0, 0, 0),
	CALL(pselect6, 1, P, 0, 0, G, 0), CALL(ppoll, P, 1, G, 0, 0), CALL(utimensat, AT_FDCWD, P, 0, 0),
	CALL(timerfd_settime, 10, 0, P, 0), CALL(timerfd_gettime, 10, P), CALL(pipe2, P, 0), CALL(preadv, 3, P, 1, 0, 0),
	CALL(pwritev, 4, P, 1, 0, 0), CALL(recvmmsg, 7, P, 1, MSG_DONTWAIT, 0), CALL(sendmmsg, 6, P, 1, MSG_DONTWAIT),
	CALL(prlimit64, 0, RLIMIT_CORE, P, 0), CALL(prlimit64, 0, RLIMIT_CORE, 0, P), CALL(getrandom, P, 8, 0),
	CALL(memfd_create, P, 0), CALL(statx, AT_FDCWD, P, 0, 0x7ff, P), CALL(clock_gettime, 1, P), CALL(clock_getres, 1, P),
	CALL(clock_nanosleep, 1, 0, P, 0), CALL(timer_create, 1, P, P), CALL(mincore, P, 4096, P), CALL(openat2, AT_FDCWD, P, G, 24), CALL(openat2, AT_FDCWD, G, P, 24),
	CALL(getcpu, P, P, 0), CALL(capget, P, P), CALL(inotify_add_watch, 11, P, 1), CALL(signalfd4, -1, P, 8, 0),
	CALL(accept, 5, P, P), CALL(sendfile, 4, 3, P, 1), CALL(splice, 3, P, 6, 0, 1, 0), CALL(copy_file_range, 3, P, 4, P, 1, 0),
	CALL(waitid, 0, 0, P, WNOHANG | 4, 0), CALL(faccessat2, AT_FDCWD, P, 0, 0),
};

static char good[8192], zeros[8192];

static long call(long number, const long *arguments)
{
	return syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

int main(void)
{
	/* Fixed descriptors, so that each call above has one of its kind. */
	int ends[2], message[2];
	close(3);
	dup2(open("/etc/passwd", O_RDONLY), 3);
	dup2(open("/dev/null", O_WRONLY), 4);
	dup2(socket(AF_INET, SOCK_STREAM, 0), 5);
	socketpair(AF_UNIX, SOCK_STREAM, 0, message);
	if (pipe(ends))
		return 1;
	dup2(message[0], 20), dup2(message[1], 21), dup2(open("/", O_DIRECTORY), 22), dup2(epoll_create1(0), 23);
	dup2(timerfd_create(1, 0), 24);
	for (int i = 6; i < 20; i++)
		close(i);
	dup2(20, 6), dup2(21, 7), dup2(22, 8), dup2(23, 9), dup2(24, 10), dup2(syscall(SYS_inotify_init1, 0), 11);
	write(7, "to be received", 14);
	write(6, "to be received", 14);
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(page + 4096, 4096, PROT_NONE);
	const struct {
		const char *name;
		long value;
	} bad[] = {
		{"one", 1}, {"kernel", (long)0xffff800000001000}, {"last", -1}, {"non-canonical", 0x0800000000000000},
		{"unmapped", 0x10000}, {"forbidden", (long)(page + 4096)}, {"cut", (long)(page + 4096 - 1)}, {"null", 0},
	};
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		for (int position = 0; position < 6; position++) {
			if (calls[i].arguments[position] != P)
				continue;
			for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) {
				long arguments[6];
				memset(good, 0, sizeof good);
				memset(zeros, 0, sizeof zeros);
				good[0] = '/';
				memset(page, 'x', 4096);
				for (int k = 0; k < 6; k++) {
					long argument = calls[i].arguments[k];
					arguments[k] = k == position ? bad[j].value : argument == P ? (long)good : argument == G ? (long)zeros : argument;
				}
				errno = 0;
				long result = call(calls[i].number, arguments);
				printf("%s %d %s: %s\n", calls[i].name, position, bad[j].name, result < 0 ? strerror(errno) : "done");
				/* What was made is taken away again, so that numbers stay the same. */
				for (int descriptor = 25; descriptor < 40; descriptor++)
					close(descriptor);
				for (int descriptor = 12; descriptor < 20; descriptor++)
					close(descriptor);
			}
		}
	return 0;
}

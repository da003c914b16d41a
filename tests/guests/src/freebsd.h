/* What stands for a C library in freestanding FreeBSD programs for amd64: the trap itself, a beginning, and names for
 * the numbers that are used, from FreeBSD's sys/syscall.h, sys/errno.h, sys/signal.h and sys/mman.h. */
#include <stddef.h>
#include <stdint.h>

enum {
	SYS_exit = 1, SYS_fork = 2, SYS_read = 3, SYS_write = 4, SYS_open = 5, SYS_close = 6, SYS_wait4 = 7, SYS_getpid = 20,
	SYS_getuid = 24, SYS_kill = 37, SYS_getppid = 39, SYS_sigaltstack = 53, SYS_execve = 59, SYS_munmap = 73,
	SYS_mprotect = 74, SYS_madvise = 75, SYS_dup2 = 90, SYS_fcntl = 92, SYS_sysctl = 202, SYS_clock_gettime = 232,
	SYS_nanosleep = 240, SYS_sched_yield = 331, SYS_sigprocmask = 340, SYS_sigaction = 416, SYS_thr_exit = 431,
	SYS_thr_self = 432, SYS_umtx_op = 454, SYS_thr_new = 455, SYS_mmap = 477, SYS_closefrom = 509, SYS_pipe2 = 542,
	SYS_fstat = 551, SYS_close_range = 575, SYS_fstatat = 552, SYS_getdirentries = 554, SYS_statfs = 555,
	SYS_readlink = 58, SYS_readv = 120, SYS_writev = 121, SYS_rename = 128, SYS_mkdir = 136, SYS_chdir = 12,
	SYS_unlink = 10, SYS_gettimeofday = 116, SYS_getrusage = 117, SYS_poll = 209, SYS_select = 93, SYS_getcwd = 326,
	SYS_kevent = 560, SYS_kqueue = 362, SYS_socketpair = 135, SYS_openat = 499, SYS_getrlimit = 194, SYS_cap_enter = 516,
	SYS_getrandom = 563,
};
enum { ENOENT = 2, ECHILD = 10, EFAULT = 14, EBADF = 9, EINVAL = 22, ENOSYS = 78 };
enum { SIGABRT = 6, SIGKILL = 9, SIGBUS = 10, SIGSEGV = 11, SIGSYS = 12, SIGTERM = 15, SIGUSR1 = 30, SIGUSR2 = 31 };
enum { SA_ONSTACK = 1, SA_RESTART = 2, SA_SIGINFO = 0x40, SIG_BLOCK = 1, SIG_UNBLOCK = 2, SIG_SETMASK = 3 };
enum { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANON = 0x1000 };

struct sigaction {
	void *handler;
	int flags;
	uint32_t mask[4];
};

struct siginfo {
	int signo, error, code, pid;
	unsigned uid;
	int status;
	void *address;
	uint64_t rest[6];
};

struct stack {
	void *base;
	size_t size;
	int flags;
};

struct thr_param {
	void (*start)(void *);
	void *argument;
	char *stack_base;
	size_t stack_size;
	char *tls_base;
	size_t tls_size;
	long *child_tid, *parent_tid;
	int flags;
	void *priority;
	void *spare[3];
};

/* A trap. A negative result is the negated error, which the system reports with the carry flag. */
static inline long trap(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	int failed;
	__asm__ volatile("syscall"
			 : "+a"(number), "=@ccc"(failed), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8), "+r"(r9)
			 :
			 : "rcx", "r11", "memory");
	return failed ? -number : number;
}

#define PICK(a, b, c, d, e, f, g, ...) trap(a, (long)(b), (long)(c), (long)(d), (long)(e), (long)(f), (long)(g))
#define call(...) PICK(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

static inline size_t length(const char *text)
{
	size_t count = 0;
	while (text[count])
		count++;
	return count;
}

static inline int equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static inline void say(const char *text)
{
	call(SYS_write, 1, text, length(text));
}

static inline void say_number(long value)
{
	char digits[24];
	char *at = digits + sizeof digits;
	unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;
	*--at = 0;
	do
		*--at = '0' + rest % 10;
	while (rest /= 10);
	if (value < 0)
		*--at = '-';
	say(at);
}

static inline void *allocate(size_t size)
{
	return (void *)call(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
}

static int begin(long count, char **arguments);

/* FreeBSD enters with the address of the argument count in %rdi, and %rsp 8 off a multiple of 16. */
void enter(long *stack, long pointer)
{
	if ((pointer & 15) != 8)
		say("STACK NOT AS FREEBSD LEAVES IT\n");
	call(SYS_exit, begin(stack[0], (char **)(stack + 1)));
	__builtin_unreachable();
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rsi\n\tand $-16, %rsp\n\tcall enter\n");

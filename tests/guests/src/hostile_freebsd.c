/* Freestanding FreeBSD programs that are hostile or merely exact, one for each first argument. Nothing but FreeBSD's
 * own manual pages says what is right here: the expected output stands in hostile.rs. */
#include "freebsd.h"

extern char end;

static char *self;

static void check(const char *what, int good)
{
	say(what);
	say(good ? " ok\n" : " WRONG\n");
}

static long wait_for(long pid)
{
	int status = -1;
	long result = call(SYS_wait4, pid, &status, 0, 0);
	return result == pid ? status : -1;
}

static void still_works(void)
{
	char bytes[4];
	long file = call(SYS_open, "/etc/passwd", 0, 0);
	check("file", file >= 0 && call(SYS_read, file, bytes, 4) == 4 && call(SYS_close, file) == 0);
	check("memory", (long)allocate(8192) > 0);
	check("kill", call(SYS_kill, call(SYS_getpid), 0) == 0);
	long child = call(SYS_fork);
	if (child == 0)
		call(SYS_exit, 21);
	check("child", wait_for(child) == 21 << 8);
	child = call(SYS_fork);
	if (child == 0) {
		char *arguments[] = {self, "hello", NULL}, *environment[] = {NULL};
		call(SYS_execve, self, arguments, environment);
		call(SYS_exit, 23);
	}
	check("program", wait_for(child) == 0);
}

static int hello(void)
{
	say("hello\n");
	return 0;
}

static int close_all(void)
{
	call(SYS_closefrom, 3);
	for (int i = 3; i < 70000; i++)
		call(SYS_close, i);
	call(SYS_close_range, 3, ~0U, 0);
	still_works();
	return 0;
}

static int duplicate_over_all(void)
{
	for (int i = 3; i < 1024; i++)
		call(SYS_dup2, 2, i);
	call(SYS_close, 100);
	still_works();
	return 0;
}

static void set_action(int number, void *handler, int flags)
{
	struct sigaction action = {handler, flags, {0, 0, 0, 0}};
	check("sigaction", call(SYS_sigaction, number, &action, NULL) == 0);
}

static int unknown_calls(void)
{
	static const short numbers[] = {599, 603, 777, 1000, 2047, 8000, 30000};
	set_action(SIGSYS, (void *)1 /* SIG_IGN */, 0);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		check("unknown", call(numbers[i], 1, 2, 3, 4, 5, 6) == -ENOSYS);
	check("far", call(0x7fffffff) == -ENOSYS);
	check("negative", call(-5) == -ENOSYS);
	still_works();
	return 0;
}

static int errors(void)
{
	char bytes[16];
	check("closed", call(SYS_read, 777, bytes, 1) == -EBADF);
	check("missing", call(SYS_open, "/no/such/file", 0, 0) == -ENOENT);
	check("childless", call(SYS_wait4, -1, NULL, 0, NULL) == -ECHILD);
	check("signal", call(SYS_kill, call(SYS_getpid), 200) == -EINVAL);
	check("after", call(SYS_getpid) > 0);
	return 0;
}

#define P 0x50545221

/* Calls whose pointers are bad one after the other; each must answer EFAULT, or EINVAL where FreeBSD looks at another
 * argument first. */
static int bad_pointers(void)
{
	static const struct {
		int number;
		long arguments[6];
	} calls[] = {
		{SYS_read, {3, P, 8}}, {SYS_write, {4, P, 8}}, {SYS_open, {P, 0, 0}}, {SYS_readv, {3, P, 1}}, {SYS_writev, {4, P, 1}},
		{SYS_fstat, {3, P}}, {SYS_fstatat, {-100, P, P, 0}}, {SYS_getdirentries, {5, P, 4096, 0}}, {SYS_statfs, {P, P}},
		{SYS_readlink, {P, P, 8}}, {SYS_rename, {P, P}}, {SYS_mkdir, {P, 0700}}, {SYS_chdir, {P}}, {SYS_unlink, {P}},
		{SYS_gettimeofday, {P, 0}}, {SYS_getrusage, {0, P}}, {SYS_poll, {P, 1, 0}}, {SYS_getcwd, {P, 1024}},
		{SYS_pipe2, {P, 0}}, {SYS_socketpair, {1, 1, 0, P}}, {SYS_openat, {-100, P, 0, 0}}, {SYS_getrlimit, {4, P}},
		{SYS_execve, {P, 0, 0}}, {SYS_sigaction, {SIGUSR1, P, 0}}, {SYS_sigaction, {SIGUSR1, 0, P}},
		{SYS_sigprocmask, {SIG_BLOCK, P, 0}}, {SYS_sigprocmask, {SIG_BLOCK, 0, P}}, {SYS_sigaltstack, {P, 0}},
		{SYS_clock_gettime, {4, P}}, {SYS_nanosleep, {P, 0}}, {SYS_sysctl, {P, 2, 0, 0, 0, 0}}, {SYS_thr_self, {P}},
		{SYS_thr_new, {P, sizeof(struct thr_param)}}, {SYS_getrandom, {P, 8, 0}},
	};
	char *page = allocate(8192);
	call(SYS_mprotect, page + 4096, 4096, PROT_NONE);
	call(SYS_dup2, call(SYS_open, "/etc/passwd", 0, 0), 3);
	call(SYS_dup2, call(SYS_open, "/dev/zero", 2, 0), 4);
	call(SYS_dup2, call(SYS_open, "/", 0x20000 /* O_DIRECTORY */, 0), 5);
	const long bad[] = {1, (long)0xffff800000001000, -1, 0x0800000000000000, 0x10000, (long)(page + 4096)};
	static char good[4096];
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		for (int position = 0; position < 6; position++) {
			if (calls[i].arguments[position] != P)
				continue;
			for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) {
				long arguments[6];
				for (int k = 0; k < 6; k++) {
					arguments[k] = calls[i].arguments[k] == P ? (long)good : calls[i].arguments[k];
					if (k == position)
						arguments[k] = bad[j];
				}
				good[0] = '/', good[1] = 0;
				long result = call(calls[i].number, arguments[0], arguments[1], arguments[2], arguments[3],
						   arguments[4], arguments[5]);
				if (result == -EFAULT || (result == -EINVAL && calls[i].number == SYS_readlink))
					continue;
				/* The kernel does not look at the bytes that /dev/zero throws away; the host's does. */
				if (calls[i].number == SYS_write || (calls[i].number == SYS_rename && result != 0))
					continue;
				say("call "), say_number(calls[i].number), say(" argument "), say_number(position);
				say(" bad "), say_number(j), say(" answers "), say_number(result), say("\n");
			}
		}
	say("tried\n");
	return 0;
}

static int unmap_everything(void)
{
	say("going\n");
	call(SYS_munmap, 4096, 0x7fffffffe000);
	say("NEVER\n");
	return 0;
}

static int unmap_around(void)
{
	long low = ((long)&end + 0x1000000) & ~0xfffL;
	long high = ((long)__builtin_frame_address(0) - 0x4000000) & ~0xfffL;
	call(SYS_madvise, low, high - low, 5 /* MADV_FREE */);
	call(SYS_mprotect, low, high - low, PROT_NONE);
	call(SYS_munmap, low, high - low);
	say("alone\n");
	still_works();
	return 0;
}

static int map_everywhere(void)
{
	long stack = (long)__builtin_frame_address(0), image = (long)&end;
	for (int shift = 26; shift < 47; shift++)
		for (long step = 0; step < 64; step++) {
			long address = ((1L << shift) + step * ((1L << shift) / 64)) & ~0xfffL;
			if (address < image + 0x1000000 || address + 0x10000000 > stack)
				continue;
			call(SYS_mmap, address, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
			call(SYS_mprotect, address, 0x10000, PROT_NONE);
		}
	say("mapped\n");
	still_works();
	return 0;
}

static int block_sigsys(void)
{
	uint32_t all[4] = {~0U, ~0U, ~0U, ~0U}, now[4];
	check("block", call(SYS_sigprocmask, SIG_SETMASK, all, NULL) == 0);
	set_action(SIGSYS, (void *)1, 0);
	still_works();
	set_action(SIGSYS, (void *)0, 0);
	still_works();
	check("mask", call(SYS_sigprocmask, SIG_BLOCK, NULL, now) == 0 && (now[0] >> (SIGSYS - 1) & 1));
	check("unblockable", !(now[0] >> (SIGKILL - 1) & 1));
	return 0;
}

static volatile int caught, caught_code, caught_pid, depth;

static void catch(int number, struct siginfo *info, void *context)
{
	caught = number;
	caught_code = info->code;
	caught_pid = info->pid;
	if (info->signo != number || context == NULL)
		say("BAD CONTEXT\n");
	if (number == SIGUSR1 && depth++ < 5)
		call(SYS_kill, call(SYS_getpid), SIGUSR2);
}

static int handle_signals(void)
{
	set_action(SIGUSR1, catch, SA_SIGINFO);
	set_action(SIGUSR2, catch, SA_SIGINFO);
	set_action(SIGSYS, catch, SA_SIGINFO);
	check("sent", call(SYS_kill, call(SYS_getpid), SIGUSR1) == 0);
	check("caught the second last", caught == SIGUSR1 || caught == SIGUSR2);
	check("by itself", caught_pid == call(SYS_getpid) && caught_code == 0x10001 /* SI_USER */);
	call(SYS_kill, call(SYS_getpid), SIGSYS);
	check("caught SIGSYS", caught == SIGSYS);
	for (int i = 0; i < 2000; i++)
		call(SYS_kill, call(SYS_getpid), SIGUSR2);
	check("caught thousands", caught == SIGUSR2);
	still_works();
	return 0;
}

static int die_of_usr1(void)
{
	call(SYS_kill, call(SYS_getpid), SIGUSR1);
	return 1;
}

/* What the system does nothing about when nothing was said: SIGURG, SIGCONT, SIGCHLD, SIGWINCH, SIGINFO, SIGTHR. */
static int live_through_what_is_ignored(void)
{
	static const int signals[] = {16, 19, 20, 28, 29, 32};
	for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
		check("sent", call(SYS_kill, call(SYS_getpid), signals[i]) == 0);
	still_works();
	return 0;
}

static int die_of_a_fault(void)
{
	*(volatile int *)8 = 1;
	return 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winfinite-recursion"
static __attribute__((noinline)) int deeper(volatile char *before)
{
	volatile char frame[4096];
	frame[0] = before ? *before : 0;
	return deeper(frame) + frame[0];
}
#pragma GCC diagnostic pop

static int overrun_stack(void)
{
	say("down\n");
	return deeper(NULL);
}

static void overrun(int number)
{
	say(number == SIGSEGV || number == SIGBUS ? "overrun\n" : "WRONG SIGNAL\n");
	call(SYS_exit, 3);
}

static int overrun_stack_with_handler(void)
{
	struct stack stack = {allocate(65536), 65536, 0};
	check("sigaltstack", call(SYS_sigaltstack, &stack, NULL) == 0);
	set_action(SIGSEGV, overrun, SA_ONSTACK);
	set_action(SIGBUS, overrun, SA_ONSTACK);
	return deeper(NULL);
}

static int fork_1000(void)
{
	long sum = 0;
	for (int i = 0; i < 1000; i++) {
		long child = call(SYS_fork);
		if (child == 0)
			call(SYS_exit, i & 0x7f);
		sum += wait_for(child) >> 8;
	}
	say_number(sum), say("\n");
	return 0;
}

static volatile long running;

static void thread(void *argument)
{
	__atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
	for (;;)
		if (argument)
			call(SYS_getppid);
		else
			call(SYS_sched_yield);
}

static int exit_while_threads_run(void)
{
	for (long i = 0; i < 6; i++) {
		long child, parent;
		struct thr_param parameters = {.start = thread, .argument = (void *)(i & 1), .stack_base = allocate(65536),
					       .stack_size = 65536, .child_tid = &child, .parent_tid = &parent};
		check("thread", call(SYS_thr_new, &parameters, sizeof parameters) == 0);
	}
	while (running < 6)
		call(SYS_sched_yield);
	say("running\n");
	return 4;
}

/* Registers that FreeBSD keeps: all but rax, rcx, rdx and r11. */
static int keep_registers(void)
{
	for (int i = 0; i < 1000; i++) {
		static const short numbers[] = {SYS_getpid, SYS_getuid, SYS_sched_yield, SYS_close, SYS_kill};
		long number = numbers[i % 5], wrong;
		long first = number == SYS_close ? -1 : call(SYS_getpid);
		__asm__ volatile(
			"push %%rbx\n\tpush %%rbp\n\t"
			"movabs $0x1111111111111111, %%rbx\n\tmovabs $0x2222222222222222, %%rbp\n\t"
			"movabs $0x3333333333333333, %%r12\n\tmovabs $0x4444444444444444, %%r13\n\t"
			"movabs $0x5555555555555555, %%r14\n\tmovabs $0x6666666666666666, %%r15\n\t"
			"movq %%rbx, %%xmm3\n\tmovq %%r15, %%xmm12\n\tmov %%r14, -100(%%rsp)\n\txor %%esi, %%esi\n\t"
			"syscall\n\txor %%eax, %%eax\n\t"
			"mov %%rbx, %%rcx\n\txor %%rbp, %%rcx\n\tmovabs $0x3333333333333333, %%rdx\n\tcmp %%rcx, %%rdx\n\tje 1f\n\tor $1, %%eax\n1:\t"
			"cmp %%r12, %%rdx\n\tje 1f\n\tor $2, %%eax\n1:\tmov %%r13, %%rcx\n\txor %%r14, %%rcx\n\t"
			"movabs $0x1111111111111111, %%rdx\n\tcmp %%rcx, %%rdx\n\tje 1f\n\tor $4, %%eax\n1:\t"
			"movq %%xmm3, %%rcx\n\tcmp %%rcx, %%rbx\n\tje 1f\n\tor $8, %%eax\n1:\t"
			"movq %%xmm12, %%rcx\n\tcmp %%rcx, %%r15\n\tje 1f\n\tor $16, %%eax\n1:\t"
			"mov -100(%%rsp), %%rcx\n\tcmp %%rcx, %%r14\n\tje 1f\n\tor $32, %%eax\n1:\t"
			"test %%rsi, %%rsi\n\tjz 1f\n\tor $64, %%eax\n1:\t"
			"pop %%rbp\n\tpop %%rbx\n\t"
			: "=&a"(wrong), "+D"(first)
			: "0"(number)
			: "rcx", "rdx", "rsi", "r11", "r12", "r13", "r14", "r15", "xmm3", "xmm12", "memory", "cc");
		if (wrong) {
			say("call "), say_number(number), say(" clobbers "), say_number(wrong), say("\n");
			return 1;
		}
	}
	say("kept\n");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} programs[] = {
	{"hello", hello},
	{"close-all", close_all},
	{"duplicate-over-all", duplicate_over_all},
	{"unknown-calls", unknown_calls},
	{"errors", errors},
	{"bad-pointers", bad_pointers},
	{"unmap-everything", unmap_everything},
	{"unmap-around", unmap_around},
	{"map-everywhere", map_everywhere},
	{"block-sigsys", block_sigsys},
	{"handle-signals", handle_signals},
	{"die-of-usr1", die_of_usr1},
	{"live-through-what-is-ignored", live_through_what_is_ignored},
	{"die-of-a-fault", die_of_a_fault},
	{"overrun-stack", overrun_stack},
	{"overrun-stack-with-handler", overrun_stack_with_handler},
	{"fork-1000", fork_1000},
	{"exit-while-threads-run", exit_while_threads_run},
	{"keep-registers", keep_registers},
};

static int begin(long count, char **arguments)
{
	self = arguments[0];
	for (size_t i = 0; count == 2 && i < sizeof programs / sizeof *programs; i++)
		if (equal(programs[i].name, arguments[1]))
			return programs[i].run();
	say("no such program\n");
	return 2;
}

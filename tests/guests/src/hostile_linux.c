/* Programs that treat the process they live in without mercy, one for each first argument. Each is run natively
 * too, and must print and return the same there. Static and at a fixed address, so that it knows what is its own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char etext, end;

static char *self;

/* One write, no buffer, no C library state: usable when little is left. */
static void say(const char *text)
{
	syscall(SYS_write, 1, text, strlen(text));
}

/* Shows that files, memory, processes and signals to oneself still work. */
static void still_works(void)
{
	int file = open("/etc/passwd", O_RDONLY);
	char bytes[16];
	say(file >= 0 && read(file, bytes, 4) == 4 ? "file\n" : "NO FILE\n");
	close(file);
	say(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? "memory\n" : "NO MEMORY\n");
	say(kill(getpid(), 0) == 0 ? "kill\n" : "NO KILL\n");
	pid_t child = fork();
	if (child == 0)
		_exit(getppid() > 0 ? 21 : 22);
	int status = 0;
	say(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 21 ? "child\n" : "NO CHILD\n");
	child = fork();
	if (child == 0) {
		execl(self, self, "hello", (char *)NULL);
		_exit(23);
	}
	say(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 0 ? "program\n" : "NO PROGRAM\n");
}

static int hello(void)
{
	say("hello\n");
	return 0;
}

static int close_all(void)
{
	for (int i = 3; i < 70000; i++)
		close(i);
	syscall(SYS_close_range, 3, ~0U, 0);
	still_works();
	return 0;
}

static int close_all_in_child_and_execute(void)
{
	pid_t child = fork();
	if (child == 0) {
		syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
		syscall(SYS_close_range, 3, ~0U, 0);
		execl(self, self, "hello", (char *)NULL);
		_exit(1);
	}
	int status;
	waitpid(child, &status, 0);
	printf("status %d\n", WEXITSTATUS(status));
	return 0;
}

static int duplicate_over_all(void)
{
	for (int i = 3; i < 1024; i++)
		dup2(2, i);
	for (int i = 3; i < 1024; i++)
		fcntl(i, F_SETFD, FD_CLOEXEC);
	close(100);
	still_works();
	return 0;
}

static int open_all(void)
{
	int last = 0, count = 0, bad = 0;
	for (;; count++) {
		int file = count % 2 ? open("/dev/null", O_RDONLY) : eventfd(0, 0);
		if (file < 0)
			break;
		bad += fcntl(file, F_GETFD) < 0;
		last = file;
	}
	printf("%s, %s, %d bad\n", strerror(errno), count > 900 ? "hundreds" : "few", bad);
	for (int i = 3; i <= last; i++)
		close(i);
	still_works();
	return 0;
}

static int lower_the_limit(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 16;
	printf("setrlimit %d\n", setrlimit(RLIMIT_NOFILE, &limit));
	fflush(stdout);
	int count = 0;
	while (open("/dev/null", O_RDONLY) >= 0)
		count++;
	printf("opened %d\n", count);
	fflush(stdout);
	close(10);
	still_works();
	return 0;
}

/* Maps over everything but its own image and stack; what the machine refuses is as good as what it grants. */
static int map_everywhere(void)
{
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
	uintptr_t image = (uintptr_t)&end;
	uintptr_t heap = (uintptr_t)sbrk(0);
	for (int shift = 16; shift < 47; shift++)
		for (uintptr_t step = 0; step < 64; step++) {
			uintptr_t address = ((uintptr_t)1 << shift) + step * (((uintptr_t)1 << shift) / 64);
			address &= ~(uintptr_t)0xfff;
			if (address < image + 0x100000 || (address > image && address < heap + 0x1000000))
				continue;
			if (address + 0x10000000 > stack)
				continue;
			syscall(SYS_mmap, address, 0x10000, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
			syscall(SYS_mprotect, address, 0x10000, PROT_NONE);
			syscall(SYS_mremap, address, 0x10000, 0x20000, 0);
			syscall(SYS_madvise, address, 0x10000, 4 /* MADV_DONTNEED */);
		}
	say("mapped\n");
	still_works();
	return 0;
}

static int unmap_everything(void)
{
	say("going\n");
	syscall(SYS_munmap, 0, 0x7ffffffff000);
	say("NEVER\n");
	return 0;
}

/* Unmaps, protects and throws away all between its heap and its stack: whatever anybody else put there. */
static int unmap_around(void)
{
	uintptr_t low = ((uintptr_t)sbrk(0) + 0x1000000) & ~(uintptr_t)0xfff;
	uintptr_t high = ((uintptr_t)__builtin_frame_address(0) - 0x4000000) & ~(uintptr_t)0xfff;
	syscall(SYS_madvise, low, high - low, 4 /* MADV_DONTNEED */);
	syscall(SYS_mprotect, low, high - low, PROT_NONE);
	syscall(SYS_munmap, low, high - low);
	uintptr_t above = ((uintptr_t)__builtin_frame_address(0) + 0x4000000) & ~(uintptr_t)0xfff;
	syscall(SYS_munmap, above, 0x7ffffffff000 - above);
	say("alone\n");
	still_works();
	return 0;
}

static volatile sig_atomic_t caught, caught_code;

static void catch(int number, siginfo_t *info, void *context)
{
	(void)context;
	caught = number;
	caught_code = info->si_code;
}

static int block_sigsys(void)
{
	sigset_t all;
	sigfillset(&all);
	printf("block %d\n", sigprocmask(SIG_BLOCK, &all, NULL));
	printf("ignore %d\n", signal(SIGSYS, SIG_IGN) == SIG_ERR);
	fflush(stdout);
	still_works();
	signal(SIGSYS, SIG_DFL);
	still_works();
	sigset_t mask;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	printf("still blocked %d\n", sigismember(&mask, SIGSYS));
	kill(getpid(), SIGSYS);
	sigset_t pending;
	sigpending(&pending);
	printf("pending %d\n", sigismember(&pending, SIGSYS));
	fflush(stdout);
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	say("NEVER\n");
	return 0;
}

static int handle_sigsys(void)
{
	struct sigaction action = {.sa_sigaction = catch, .sa_flags = SA_SIGINFO};
	sigfillset(&action.sa_mask);
	printf("handle %d\n", sigaction(SIGSYS, &action, NULL));
	fflush(stdout);
	still_works();
	printf("not called %d\n", caught);
	kill(getpid(), SIGSYS);
	printf("called with %d code %d\n", caught, caught_code);
	struct sigaction old;
	sigaction(SIGSYS, NULL, &old);
	printf("mine %d\n", old.sa_sigaction == catch);
	return 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winfinite-recursion"
/* Not a tail call, and each frame is written to. */
static __attribute__((noinline)) int deeper(volatile char *before)
{
	volatile char frame[4096];
	frame[0] = before ? *before : 0;
	return deeper(frame) + frame[0];
}
#pragma GCC diagnostic pop

static void overrun(int number)
{
	(void)number;
	say("overrun\n");
	_exit(3);
}

static int overrun_stack(void)
{
	say("down\n");
	return deeper(NULL);
}

static int overrun_stack_with_handler(void)
{
	stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
	sigaltstack(&stack, NULL);
	struct sigaction action = {.sa_handler = overrun, .sa_flags = SA_ONSTACK};
	sigaction(SIGSEGV, &action, NULL);
	return deeper(NULL);
}

static int call_on_a_bad_stack(void)
{
	/* A system call whose stack pointer points nowhere is a system call all the same. */
	long result;
	__asm__ volatile("mov %%rsp, %%r12\n\tmov $0x10, %%rsp\n\tsyscall\n\tmov %%r12, %%rsp"
			 : "=a"(result) : "a"(SYS_getppid) : "rcx", "r11", "r12", "memory");
	printf("%d\n", result == getppid());
	return 0;
}

static int fork_1000(void)
{
	long sum = 0;
	for (int i = 0; i < 1000; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(i & 0x7f);
		int status;
		if (child < 0 || waitpid(child, &status, 0) != child)
			return 1;
		sum += WEXITSTATUS(status);
	}
	printf("sum %ld\n", sum);
	return 0;
}

static int fork_300_at_once(void)
{
	int gate[2];
	char byte;
	if (pipe(gate))
		return 1;
	fflush(stdout);
	for (int i = 0; i < 300; i++)
		if (fork() == 0) {
			close(gate[1]);
			read(gate[0], &byte, 1);
			_exit(kill(getppid(), 0) == 0);
		}
	close(gate[1]);
	int status, good = 0;
	while (wait(&status) > 0)
		good += WEXITSTATUS(status);
	printf("good %d\n", good);
	return 0;
}

static int blocked[2];

static void *block(void *argument)
{
	char byte;
	if (argument)
		for (;;)
			getppid();
	read(blocked[0], &byte, 1);
	return NULL;
}

static int start_threads(int count)
{
	pthread_t thread;
	if (pipe(blocked))
		return 1;
	for (long i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, block, (void *)(i & 1)))
			return 1;
	usleep(50000);
	return 0;
}

static int exit_while_threads_run(void)
{
	if (start_threads(8))
		return 1;
	return 4;
}

static int execute_while_threads_run(void)
{
	if (start_threads(8))
		return 1;
	execl("/bin/echo", "echo", "executed", (char *)NULL);
	return 1;
}

static void *execute(void *argument)
{
	execl("/bin/echo", "echo", "executed by", argument, (char *)NULL);
	return NULL;
}

static int execute_from_a_thread(void)
{
	pthread_t thread;
	if (start_threads(4))
		return 1;
	pthread_create(&thread, NULL, execute, "a thread");
	pthread_join(thread, NULL);
	return 1;
}

static void *outlive(void *argument)
{
	usleep(100000);
	say(argument);
	return NULL;
}

static int main_thread_leaves_first(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, outlive, "outlived\n");
	pthread_exit(NULL);
}

static int die_while_threads_run(void)
{
	if (start_threads(8))
		return 1;
	abort();
}

static int unknown_calls(void)
{
	static const long numbers[] = {400, 423, 500, 511, 512, 547, 600, 1023, 1024, 9999, 65536, 0x3fffffff, 0x7fffffff, -1, -39};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		errno = 0;
		long result = syscall(numbers[i], 1, 2, 3, 4, 5, 6);
		printf("%ld: %ld %s\n", numbers[i], result, strerror(errno));
	}
	return 0;
}

/* The same `syscall` instruction, reached now from the instruction before it and now by a jump. */
static int jump_to_the_call(void)
{
	long by_fall = 0, by_jump = 0;
	for (int i = 0; i < 20000; i++) {
		long result = i & 1 ? SYS_getppid : 0;
		__asm__ volatile("test %%eax, %%eax\n\tjnz 1f\n\tmov $39, %%eax\n1:\tsyscall"
				 : "+a"(result) : : "rcx", "r11", "memory");
		if (i & 1)
			by_jump += result == getppid();
		else
			by_fall += result == getpid();
	}
	printf("%ld %ld\n", by_fall, by_jump);
	return 0;
}

static int write_its_own_code(void)
{
	unsigned char *code = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const unsigned char call[] = {0xb8, SYS_getppid, 0, 0, 0, 0x0f, 0x05, 0xc3};
	long good = 0;
	for (int i = 0; i < 2000; i++) {
		/* At moving places, across the page's end too, and with other calls in place of those before. */
		unsigned char *at = code + 4096 - (i % 9);
		memcpy(at, call, sizeof call);
		at[1] = i & 1 ? SYS_getpid : SYS_getppid;
		long result = ((long (*)(void))at)();
		good += result == (i & 1 ? getpid() : getppid());
	}
	printf("%ld\n", good);
	return 0;
}

/* Everything that the ABI keeps across a call: all registers but rax, rcx and r11, the vector registers, the
 * flags, and the 128 bytes below the stack pointer. */
static long clobbered(long number, long first, long second)
{
	long wrong = 0;
	__asm__ volatile(
		"push %%rbx\n\tpush %%rbp\n\tpush %%r12\n\tpush %%r13\n\tpush %%r14\n\tpush %%r15\n\t"
		"movabs $0x1111111111111111, %%rbx\n\tmovabs $0x2222222222222222, %%rbp\n\t"
		"movabs $0x3333333333333333, %%r12\n\tmovabs $0x4444444444444444, %%r13\n\t"
		"movabs $0x5555555555555555, %%r14\n\tmovabs $0x6666666666666666, %%r15\n\t"
		"movabs $0x7777777777777777, %%r8\n\tmovabs $0x0888888888888888, %%r9\n\txor %%r10d, %%r10d\n\txor %%edx, %%edx\n\t"
		"movq %%rbx, %%xmm0\n\tmovq %%rbp, %%xmm7\n\tmovq %%r12, %%xmm15\n\tmovq %%r9, %%xmm8\n\t"
		"mov %%r13, -8(%%rsp)\n\tmov %%r14, -120(%%rsp)\n\tstd\n\t"
		"syscall\n\t"
		"pushfq\n\tpop %%rcx\n\tcld\n\tmov %%rax, %%r11\n\txor %%eax, %%eax\n\t"
		"test $0x400, %%ecx\n\tjnz 1f\n\tor $1, %%eax\n1:\t"
		"movabs $0x1111111111111111, %%rcx\n\tcmp %%rcx, %%rbx\n\tje 1f\n\tor $2, %%eax\n1:\t"
		"movabs $0x2222222222222222, %%rcx\n\tcmp %%rcx, %%rbp\n\tje 1f\n\tor $4, %%eax\n1:\t"
		"movabs $0x3333333333333333, %%rcx\n\tcmp %%rcx, %%r12\n\tje 1f\n\tor $8, %%eax\n1:\t"
		"movabs $0x4444444444444444, %%rcx\n\tcmp %%rcx, %%r13\n\tje 1f\n\tor $16, %%eax\n1:\t"
		"movabs $0x5555555555555555, %%rcx\n\tcmp %%rcx, %%r14\n\tje 1f\n\tor $32, %%eax\n1:\t"
		"movabs $0x6666666666666666, %%rcx\n\tcmp %%rcx, %%r15\n\tje 1f\n\tor $64, %%eax\n1:\t"
		"movabs $0x7777777777777777, %%rcx\n\tcmp %%rcx, %%r8\n\tje 1f\n\tor $128, %%eax\n1:\t"
		"movabs $0x0888888888888888, %%rcx\n\tcmp %%rcx, %%r9\n\tje 1f\n\tor $256, %%eax\n1:\t"
		"test %%rdx, %%rdx\n\tjz 1f\n\tor $512, %%eax\n1:\ttest %%r10, %%r10\n\tjz 1f\n\tor $1024, %%eax\n1:\t"
		"movq %%xmm0, %%rcx\n\tcmp %%rcx, %%rbx\n\tje 1f\n\tor $2048, %%eax\n1:\t"
		"movq %%xmm7, %%rcx\n\tcmp %%rcx, %%rbp\n\tje 1f\n\tor $4096, %%eax\n1:\t"
		"movq %%xmm15, %%rcx\n\tcmp %%rcx, %%r12\n\tje 1f\n\tor $8192, %%eax\n1:\t"
		"movq %%xmm8, %%rcx\n\tcmp %%rcx, %%r9\n\tje 1f\n\tor $16384, %%eax\n1:\t"
		"pop %%r15\n\tpop %%r14\n\tpop %%r13\n\tpop %%r12\n\tpop %%rbp\n\tpop %%rbx\n\t"
		: "=&a"(wrong), "+D"(first), "+S"(second) : "0"(number)
		: "rcx", "rdx", "r8", "r9", "r10", "r11", "xmm0", "xmm7", "xmm8", "xmm15", "memory", "cc");
	return wrong;
}

static int keep_registers(void)
{
	for (int i = 0; i < 200; i++) {
		long pid = getpid();
		long wrong[] = {
			clobbered(SYS_getpid, 0, 0), clobbered(SYS_getuid, 0, 0), clobbered(SYS_kill, pid, 0),
			clobbered(SYS_sched_yield, 0, 0), clobbered(SYS_close, -1, 0), clobbered(SYS_umask, 022, 0),
			clobbered(SYS_dup, 1000000, 0), clobbered(SYS_munmap, 0x10000, 4096), clobbered(9999, 0, 0),
		};
		for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++)
			if (wrong[j]) {
				printf("call %zu in round %d clobbers %#lx\n", j, i, wrong[j]);
				return 1;
			}
	}
	say("kept\n");
	return 0;
}

static volatile long ticks;

static void tick(int number)
{
	(void)number;
	ticks++;
	getppid();
}

/* Signals by the thousand, most of them in the middle of a call; no byte may be lost and no call doubled. */
static int storm_of_signals(void)
{
	struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	struct itimerval every = {{0, 500}, {0, 500}};
	int ends[2];
	if (pipe(ends))
		return 1;
	setitimer(ITIMER_REAL, &every, NULL);
	pid_t child = fork();
	if (child == 0) {
		for (unsigned i = 0; i < 30000; i++)
			if (write(ends[1], &i, sizeof i) != sizeof i)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	unsigned value, expected = 0;
	while (read(ends[0], &value, sizeof value) == sizeof value) {
		if (value != expected++) {
			printf("%u instead of %u\n", value, expected - 1);
			return 1;
		}
		if (value % 50 == 0)
			raise(SIGUSR1);
	}
	int status;
	waitpid(child, &status, 0);
	every = (struct itimerval){0};
	setitimer(ITIMER_REAL, &every, NULL);
	printf("%u values, child %d, %s\n", expected, WEXITSTATUS(status), ticks > 600 ? "hundreds of signals" : "few signals");
	return 0;
}

static int interrupt_without_restart(void)
{
	struct sigaction action = {.sa_handler = tick};
	sigaction(SIGALRM, &action, NULL);
	struct itimerval once = {{0, 0}, {0, 100000}};
	int ends[2];
	char byte;
	if (pipe(ends))
		return 1;
	setitimer(ITIMER_REAL, &once, NULL);
	long result = read(ends[0], &byte, 1);
	printf("read %ld %s, ticks %ld\n", result, strerror(errno), ticks);
	setitimer(ITIMER_REAL, &once, NULL);
	result = waitpid(-1, NULL, 0);
	printf("wait %ld %s\n", result, strerror(errno));
	setitimer(ITIMER_REAL, &once, NULL);
	result = usleep(2000000);
	printf("sleep %ld %s, ticks %ld\n", result, strerror(errno), ticks);
	return 0;
}

static void leave(int number)
{
	(void)number;
	_exit(31);
}

static int nothing(void)
{
	return 0;
}

static int sleep_a_little(void)
{
	sleep(2);
	return 0;
}

/* A signal that comes while a program is executed is handled before, or kills the program that is executed. */
static int signal_over_execute(void)
{
	struct timespec begin, now;
	int lost = 0;
	signal(SIGTERM, leave);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < 8; i++) {
		if (fork() == 0) {
			execl(self, self, "nothing", (char *)NULL);
			_exit(23);
		}
		wait(NULL);
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	long each = ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec) / 8;
	for (int i = 0; i < 200; i++) {
		pid_t child = fork();
		if (child == 0) {
			execl(self, self, "sleep-a-little", (char *)NULL);
			_exit(23);
		}
		long delay = each / 200 * i;
		nanosleep(&(struct timespec){delay / 1000000000, delay % 1000000000}, NULL);
		kill(child, SIGTERM);
		int status;
		waitpid(child, &status, 0);
		int handled = WIFEXITED(status) && WEXITSTATUS(status) == 31;
		lost += !handled && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	}
	printf("%d lost\n", lost);
	return 0;
}

static volatile int handled_by_threads;

static void count(int number)
{
	(void)number;
	__atomic_add_fetch(&handled_by_threads, 1, __ATOMIC_SEQ_CST);
}

static void *end_open_to_signals(void *argument)
{
	(void)argument;
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_UNBLOCK, &all, NULL);
	syscall(SYS_exit, 0);
	return NULL;
}

static volatile int all_are_sent;

static void *make_threads(void *argument)
{
	(void)argument;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 32768);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 4000 && !all_are_sent; i++) {
		pthread_t thread;
		if (pthread_create(&thread, &attributes, end_open_to_signals, NULL) != 0)
			break;
	}
	return NULL;
}

/* A signal of the process that finds a thread about to end is not lost with it. */
static int signals_to_ending_threads(void)
{
	const int total = 2000;
	sigset_t blocked;
	pthread_t maker;
	signal(SIGRTMIN, count);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGRTMIN);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	pthread_create(&maker, NULL, make_threads, NULL);
	for (int i = 0; i < total; i++) {
		while (sigqueue(getpid(), SIGRTMIN, (union sigval){i}) != 0)
			usleep(100);
		if (i % 8 == 0)
			usleep(100);
	}
	all_are_sent = 1;
	pthread_join(maker, NULL);
	usleep(100000);
	pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
	printf("%d lost\n", total - handled_by_threads);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} programs[] = {
	{"hello", hello},
	{"close-all", close_all},
	{"close-all-in-child-and-execute", close_all_in_child_and_execute},
	{"duplicate-over-all", duplicate_over_all},
	{"open-all", open_all},
	{"lower-the-limit", lower_the_limit},
	{"map-everywhere", map_everywhere},
	{"unmap-everything", unmap_everything},
	{"unmap-around", unmap_around},
	{"block-sigsys", block_sigsys},
	{"handle-sigsys", handle_sigsys},
	{"overrun-stack", overrun_stack},
	{"overrun-stack-with-handler", overrun_stack_with_handler},
	{"call-on-a-bad-stack", call_on_a_bad_stack},
	{"fork-1000", fork_1000},
	{"fork-300-at-once", fork_300_at_once},
	{"exit-while-threads-run", exit_while_threads_run},
	{"execute-while-threads-run", execute_while_threads_run},
	{"execute-from-a-thread", execute_from_a_thread},
	{"main-thread-leaves-first", main_thread_leaves_first},
	{"die-while-threads-run", die_while_threads_run},
	{"unknown-calls", unknown_calls},
	{"jump-to-the-call", jump_to_the_call},
	{"write-its-own-code", write_its_own_code},
	{"keep-registers", keep_registers},
	{"storm-of-signals", storm_of_signals},
	{"interrupt-without-restart", interrupt_without_restart},
	{"nothing", nothing},
	{"sleep-a-little", sleep_a_little},
	{"signal-over-execute", signal_over_execute},
	{"signals-to-ending-threads", signals_to_ending_threads},
};

int main(int count, char **arguments)
{
	self = arguments[0];
	for (size_t i = 0; count == 2 && i < sizeof programs / sizeof *programs; i++)
		if (strcmp(programs[i].name, arguments[1]) == 0)
			return programs[i].run();
	fprintf(stderr, "no such program\n");
	return 2;
}

/* Many small functions that make a system call each, run by two threads that get signals all the time. Whatever stands
 * in for a `syscall`, registers and flags must be those that FreeBSD leaves: a result or an error in rax, carry to tell
 * which, rcx and r11 for the kernel, and all else as it was. */
#include "freebsd.h"
#include "registers.h"

enum { SYS_setitimer = 83, SYS_sysarch = 165, AMD64_SET_FSBASE = 129, SIGALRM = 14 };
enum { SHAPES = 6, SITES = SHAPES * 64, SIZE = 16, THREADS = 2, ROUNDS = 60, SIGNALS = 2000 };

/* One function every 16 bytes, six calls in turn. */
__asm__(".pushsection .text.sites, \"ax\", @progbits\n"
	".balign 4096\n"
	".globl sites\n"
	"sites:\n"
	".macro function number, register\n"
	".balign 16\n"
	".type f_\\@, @function\n"
	"f_\\@: mov $\\number, %\\register\n"
	"syscall\n"
	"ret\n"
	".size f_\\@, . - f_\\@\n"
	".endm\n"
	".rept 64\n"
	"function 20, eax\n"
	"function 39, rax\n"
	"function 3, eax\n"
	"function 3, rax\n"
	"function 25, eax\n"
	"function 340, eax\n"
	".endr\n"
	".balign 16\n"
	".globl sites_end\n"
	"sites_end:\n"
	".popsection\n");

extern unsigned char sites[], sites_end[], __executable_start[], etext[];

/* What the functions of each shape do: numbers that the thread's block holds, one that the host gives, bytes of a file,
 * of one that is not open, an identity, and one that the stub works on. */
static const struct {
	int syscall;
	long number;
} shapes[SHAPES] = {{5, 20}, {7, 39}, {5, 3}, {7, 3}, {5, 25}, {5, 340}};

enum { CARRY = 1, SEEN = 0xcd5 /* status and direction */ };

/* What a thread has for itself; %fs leads to it. */
struct own {
	struct own *this;
	const struct registers *current;
	int number, in_handler;
};

static struct own threads[THREADS];
static long device, pid, parent, user;
static unsigned char buffer[64], original[SITES * SIZE];
static volatile long signals_seen, ended;

static struct own *own(void)
{
	struct own *this;
	__asm__ volatile("mov %%fs:0, %0" : "=r"(this));
	return this;
}

static void fail(const char *what, long a, long b)
{
	say(what);
	say(" ");
	say_number(a);
	say(" ");
	say_number(b);
	say("\n");
	call(SYS_exit, 1);
}

static uint64_t pattern(uint64_t number, uint64_t seed)
{
	uint64_t value = (number + 1) * 0x9e3779b97f4a7c15ull + seed;
	return value ^ value >> 29;
}

/* Calls a function and checks everything. */
static void check(int index, int round)
{
	struct own *thread = own();
	struct registers before, after;
	uint64_t *x = (uint64_t *)&before, *y = (uint64_t *)&after;
	int shape = index % SHAPES;
	for (unsigned i = 0; i < sizeof before / sizeof *x; i++)
		x[i] = pattern(i, thread->number * 1000 + round);
	before.rdi = shape == 2 ? device : shape == 3 ? 400 : SIG_SETMASK;
	before.rsi = shape == 5 ? 0 : (uint64_t)(buffer + thread->number * 8);
	before.rdx = shape == 5 ? 0 : 1;
	before.flags = 0x202 | (pattern(99, round) & 0x8d5) | (round % 5 == 0 ? 0x400 : 0);
	const struct registers *outer = thread->current;
	thread->current = &before;
	run(sites + index * SIZE, &before, &after);
	thread->current = outer;
	long results[SHAPES] = {pid, parent, 1, EBADF, user, 0};
	if ((long)after.rax != results[shape])
		fail("a site gave something else:", index, after.rax);
	if ((after.flags & CARRY) != (shape == 3))
		fail("carry is wrong behind a site:", index, after.flags);
	after.flags &= SEEN & ~CARRY;
	before.flags &= SEEN & ~CARRY;
	before.rax = after.rax;
	for (unsigned i = 0; i < sizeof before / sizeof *x; i++)
		if (x[i] != y[i])
			fail("a site changed a register:", index, i);
}

/* Words of `mcontext_t` (FreeBSD's x86/ucontext.h) from the start of `ucontext_t`, whose first two are the mask. */
enum { RSI = 4, RDX = 5, R8 = 7, R9, RAX, RBX, RBP, R10, R12 = 14, R13, R14, R15, RIP = 22, RFLAGS = 24, XMM = 50 };

static void on_signal(int signal, struct siginfo *info, uint64_t *context)
{
	(void)signal, (void)info;
	struct own *thread = own();
	unsigned char *rip = (unsigned char *)context[RIP];
	__atomic_add_fetch(&signals_seen, 1, __ATOMIC_RELAXED);
	if (rip >= sites && rip < sites_end) {
		int index = (rip - sites) / SIZE, offset = (rip - sites) % SIZE, at = shapes[index % SHAPES].syscall;
		const struct registers *r = thread->current;
		if (offset != 0 && offset != at && offset != at + 2)
			fail("in the middle of an instruction:", index, offset);
		uint64_t now[] = {context[RBX], context[RBP], context[RSI], context[RDX], context[R8],	context[R9],
				  context[R10], context[R12], context[R13], context[R14], context[R15]};
		uint64_t then[] = {r->rbx, r->rbp, r->rsi, r->rdx, r->r8, r->r9, r->r10, r->r12, r->r13, r->r14, r->r15};
		for (unsigned i = 0; i < sizeof now / sizeof *now; i++)
			if (now[i] != then[i])
				fail("a handler found another register:", index * 100 + offset, i);
		uint64_t rax = offset == 0 ? r->rax : (uint64_t)shapes[index % SHAPES].number;
		if (offset <= at && context[RAX] != rax)
			fail("a handler found another rax:", index * 100 + offset, context[RAX]);
		uint64_t carry = offset > at ? CARRY : 0;
		if ((context[RFLAGS] ^ r->flags) & SEEN & ~carry)
			fail("a handler found other flags:", index * 100 + offset, context[RFLAGS]);
		for (unsigned i = 0; i < 32; i++)
			if (context[XMM + i] != r->xmm[i / 2][i % 2])
				fail("a handler found another vector register:", index, i);
	} else if (rip < __executable_start || rip >= etext) {
		fail("a signal outside of the program:", (long)rip, 0);
	}
	/* And a call of its own, by way of the same sites. */
	if (!thread->in_handler) {
		thread->in_handler = 1;
		check(signals_seen % SITES, 1);
		thread->in_handler = 0;
	}
}

static void work(struct own *thread)
{
	thread->this = thread;
	thread->number = thread - threads;
	call(SYS_sysarch, AMD64_SET_FSBASE, &thread);
	for (int index = 0; index < SITES; index++)
		for (int round = 0; round < ROUNDS; round++)
			check(index, round);
	for (int round = 0; round < 100 * ROUNDS && signals_seen < SIGNALS; round++)
		for (int index = 0; index < SITES; index++)
			check(index, round);
	__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
}

static void second(void *argument)
{
	work(argument);
	call(SYS_thr_exit, 0);
}

static int begin(long count, char **arguments)
{
	(void)count, (void)arguments;
	for (int i = 0; i < SITES * SIZE; i++)
		original[i] = sites[i];
	device = call(SYS_open, "/dev/zero", 0, 0);
	pid = call(SYS_getpid);
	parent = call(SYS_getppid);
	user = call(25);
	threads[0].this = &threads[0];
	struct own *first = &threads[0];
	call(SYS_sysarch, AMD64_SET_FSBASE, &first);
	struct sigaction action = {on_signal, SA_SIGINFO | SA_RESTART, {0, 0, 0, 0}};
	call(SYS_sigaction, SIGALRM, &action, 0);
	static char stack[1 << 16] __attribute__((aligned(16)));
	long id, again;
	struct thr_param param = {second, &threads[1], stack, sizeof stack, (char *)&threads[1], sizeof threads[1],
				  &id, &again, 0, 0, {0}};
	threads[1].this = &threads[1];
	if (call(SYS_thr_new, &param, sizeof param))
		fail("no thread", 0, 0);
	long often[4] = {0, 71, 0, 71};
	if (call(SYS_setitimer, 0, often, 0))
		fail("no timer", 0, 0);
	work(first);
	while (ended < THREADS)
		call(SYS_sched_yield);
	long never[4] = {0, 0, 0, 0};
	call(SYS_setitimer, 0, never, 0);
	int changed = 0;
	for (int i = 0; i < SITES; i++) {
		int same = 1;
		for (int j = 0; j < SIZE; j++)
			same &= sites[i * SIZE + j] == original[i * SIZE + j];
		changed += !same;
	}
	say(signals_seen >= SIGNALS ? "registers ok\n" : "too few signals came\n");
	/* Two threads that change code at the same moment may give one up. */
	if (changed < SITES - SITES / 20)
		fail("sites were not hoisted:", SITES - changed, SITES);
	return 0;
}

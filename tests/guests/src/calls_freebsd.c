/* A freestanding FreeBSD program that uses the calls that few programs use, one group for each first argument: it
 * prints what is not as FreeBSD's manual pages say, and nothing when all is. */
#include "freebsd.h"

enum {
	SYS_setuid = 23, SYS_geteuid = 25, SYS_getgid = 47, SYS_getegid = 43, SYS_getlogin = 49, SYS_getgroups = 79,
	SYS_getdtablesize = 89, SYS_setpriority = 96, SYS_getpriority = 100, SYS_adjtime = 140, SYS_rtprio = 166,
	SYS_ntp_adjtime = 176, SYS_semget = 221, SYS_semop = 222, SYS_msgget = 225, SYS_msgsnd = 226, SYS_msgrcv = 227,
	SYS_shmat = 228, SYS_shmdt = 230, SYS_shmget = 231, SYS_ntp_gettime = 248, SYS_issetugid = 253, SYS_aio_read = 255,
	SYS_aio_write = 256, SYS_modfind = 303, SYS_kldfind = 306, SYS_kldnext = 307, SYS_kldstat = 308,
	SYS_aio_return = 314, SYS_aio_suspend = 315, SYS_aio_cancel = 316, SYS_aio_error = 317, SYS_sched_getparam = 328,
	SYS_sched_getscheduler = 330, SYS_sched_get_priority_max = 332, SYS_sched_get_priority_min = 333,
	SYS_aio_waitcomplete = 359, SYS_getresuid = 360, SYS_kenv = 390, SYS_uuidgen = 392, SYS_getcontext = 421,
	SYS_setcontext = 422, SYS_swapcontext = 423, SYS_thr_kill = 433, SYS_thr_suspend = 442, SYS_thr_wake = 443,
	SYS_sigqueue = 456, SYS_kmq_open = 457, SYS_kmq_setattr = 458, SYS_kmq_timedreceive = 459, SYS_kmq_timedsend = 460,
	SYS_kmq_unlink = 462, SYS_cpuset_getid = 486, SYS_semctl = 510, SYS_msgctl = 511, SYS_shmctl = 512,
	SYS_procctl = 544, SYS_pdfork = 518, SYS_pdkill = 519, SYS_pdgetpid = 520, SYS_getloginclass = 523, SYS_cpuset_getdomain = 561,
	SYS_sysctlbyname = 570, SYS_sched_getcpu = 581, SYS_membarrier = 584, SYS_kcmp = 588, SYS_getgroups15 = 595,
	SYS_pdwait = 601,
};
enum { EBUSY = 16, EPERM = 1, ESRCH = 3, ENOMEM = 12, ENOTDIR = 20, ENODEV = 19, ENOMSG = 83, ERANGE = 34, EAGAIN = 35,
       EOPNOTSUPP = 45, ETIMEDOUT = 60, EDEADLK = 11 };
enum { SIGEMT = 7, SIGINFO = 29, SIGTHR = 32, SIGIO = 23, O_RDWR = 2, O_CREAT = 0x200, O_EXCL = 0x800 };

static int wrong;

/* What a call gave, and what it had to give. */
static void expect(const char *what, long is, long must)
{
	if (is == must)
		return;
	wrong = 1;
	say(what);
	say(": ");
	say_number(is);
	say(", not ");
	say_number(must);
	say("\n");
}

static void hold(const char *what, int good)
{
	expect(what, good != 0, 1);
}

static void clear(void *at, size_t size)
{
	char *bytes = at;
	while (size--)
		*bytes++ = 0;
}

static int sysctl_calls(void)
{
	char text[128];
	int value;
	size_t size = sizeof value;
	int processors[] = {6, 3}, page[] = {6, 7}, date[] = {1, 24}, type[] = {1, 1}, name2oid[] = {0, 3};
	expect("hw.ncpu", call(SYS_sysctl, processors, 2, &value, &size, 0, 0), 0);
	hold("hw.ncpu is a number", value >= 1 && size == 4);
	expect("hw.pagesize", call(SYS_sysctl, page, 2, &value, &size, 0, 0), 0);
	expect("the page's size", value, 4096);
	expect("kern.osreldate", call(SYS_sysctl, date, 2, &value, &size, 0, 0), 0);
	hold("a release since 12", value >= 1200000);
	size = 0;
	expect("only the length", call(SYS_sysctl, type, 2, 0, &size, 0, 0), 0);
	expect("length of FreeBSD", size, 8);
	size = 4;
	expect("no room", call(SYS_sysctl, type, 2, text, &size, 0, 0), -ENOMEM);
	hold("cut off", size == 4 && text[0] == 'F' && text[3] == 'e');
	size = sizeof text;
	expect("by name", call(SYS_sysctlbyname, "kern.ostype", 11, text, &size, 0, 0), 0);
	hold("FreeBSD", equal(text, "FreeBSD"));
	expect("unknown", call(SYS_sysctlbyname, "kern.nothing", 12, text, &size, 0, 0), -ENOENT);
	expect("not to be set", call(SYS_sysctl, processors, 2, 0, 0, &value, sizeof value), -EPERM);
	expect("bad pointer", call(SYS_sysctl, processors, 2, 8, &size, 0, 0), -EFAULT);
	expect("bad length", call(SYS_sysctl, processors, 2, &value, 8, 0, 0), -EFAULT);
	expect("short name", call(SYS_sysctl, processors, 1, &value, &size, 0, 0), -EINVAL);
	expect("long name", call(SYS_sysctl, processors, 25, &value, &size, 0, 0), -EINVAL);
	int numbers[24];
	size = sizeof numbers;
	expect("name2oid", call(SYS_sysctl, name2oid, 2, numbers, &size, "kern.osreldate", 14), 0);
	hold("kern.osreldate", size == 8 && numbers[0] == 1 && numbers[1] == 24);
	int path[] = {1, 14, 12, -1};
	size = sizeof text;
	expect("pathname", call(SYS_sysctl, path, 4, text, &size, 0, 0), 0);
	hold("a path", text[0] == '/' && size == length(text) + 1);
	int all[] = {1, 14, 0};
	size = 0;
	expect("all processes", call(SYS_sysctl, all, 3, 0, &size, 0, 0), 0);
	hold("whole structures", size >= 1088 && size % 1088 == 0);
	unsigned char random[600];
	int arandom[] = {1, 37};
	size = sizeof random;
	expect("arandom", call(SYS_sysctl, arandom, 2, random, &size, 0, 0), 0);
	expect("as much as there is at once", size, 256);
	expect("getrandom", call(SYS_getrandom, random, 600, 0), 600);
	expect("getrandom's flags", call(SYS_getrandom, random, 1, 8), -EINVAL);
	return 0;
}

static int identity_calls(void)
{
	unsigned ids[3], groups[64];
	char name[40];
	long user = call(SYS_getuid);
	expect("getresuid", call(SYS_getresuid, ids, ids + 1, ids + 2), 0);
	hold("all the same", ids[0] == user && ids[1] == user && ids[2] == user);
	expect("geteuid", call(SYS_geteuid), user);
	long count = call(SYS_getgroups, 0, 0), newer = call(SYS_getgroups15, 0, 0);
	expect("the effective group is one more", count, newer + 1);
	expect("getgroups", call(SYS_getgroups, 64, groups), count);
	expect("the effective group first", groups[0], call(SYS_getegid));
	if (count > 1)
		expect("too few", call(SYS_getgroups, 1, groups), -EINVAL);
	expect("issetugid", call(SYS_issetugid), 0);
	hold("getdtablesize", call(SYS_getdtablesize) > 20);
	expect("getlogin", call(SYS_getlogin, name, sizeof name), 0);
	expect("getloginclass", call(SYS_getloginclass, name, sizeof name), 0);
	hold("default", equal(name, "default"));
	expect("getloginclass without room", call(SYS_getloginclass, name, 3), -ERANGE);
	expect("setpriority", call(SYS_setpriority, 0, 0, 5), 0);
	expect("getpriority", call(SYS_getpriority, 0, 0), 5);
	expect("getpriority of nobody", call(SYS_getpriority, 0, 0x7ffffff0), -ESRCH);
	return 0;
}

static int scheduling_calls(void)
{
	int value = -1;
	unsigned short priority[2];
	long mask[4];
	int policy = 0;
	expect("sched_getscheduler", call(SYS_sched_getscheduler, 0), 2);
	expect("sched_getparam", call(SYS_sched_getparam, 0, &value), 0);
	expect("highest", call(SYS_sched_get_priority_max, 1), 31);
	expect("lowest", call(SYS_sched_get_priority_min, 3), 0);
	expect("no policy", call(SYS_sched_get_priority_max, 0), -EINVAL);
	expect("rtprio", call(SYS_rtprio, 0, 0, priority), 0);
	expect("timesharing", priority[0], 3);
	expect("cpuset_getid", call(SYS_cpuset_getid, 2, 2, -1L, &value), 0);
	expect("the default set", value, 1);
	expect("cpuset_getdomain", call(SYS_cpuset_getdomain, 3, 1, -1L, 8, mask, &policy), 0);
	expect("one domain", mask[0], 1);
	hold("sched_getcpu", call(SYS_sched_getcpu) >= 0);
	hold("membarrier", call(SYS_membarrier, 0, 0, 0) > 0);
	expect("kcmp", call(SYS_kcmp, call(SYS_getpid), call(SYS_getpid), 100, 1, 1), 0);
	expect("kcmp of what it does not know", call(SYS_kcmp, call(SYS_getpid), call(SYS_getpid), 0, 1, 1), -EINVAL);
	long times[17], now[6];
	clear(times, sizeof times);
	hold("ntp_adjtime", call(SYS_ntp_adjtime, times) >= 0);
	hold("ntp_gettime", call(SYS_ntp_gettime, now) >= 0 && now[0] > 1600000000 && now[1] < 1000000000);
	long left[2];
	expect("adjtime", call(SYS_adjtime, 0, left), 0);
	return 0;
}

static int ipc_calls(void)
{
	struct { long kind; char text[16]; } message = {7, "hello"}, got;
	struct { unsigned short number; short change, flags; } operations[2] = {{0, -3, 0}, {1, 1, 04000}};
	union { int value; void *at; } argument;
	struct { unsigned cuid, cgid, uid, gid; unsigned short mode, seq; long key, base; unsigned short count; long times[2]; } status;
	unsigned short values[2] = {3, 0};
	long set = call(SYS_semget, 0, 2, 01600);
	hold("semget", set >= 0);
	argument.at = values;
	expect("SETALL", call(SYS_semctl, set, 0, 9, &argument), 0);
	expect("semop", call(SYS_semop, set, operations, 2), 0);
	expect("GETVAL", call(SYS_semctl, set, 1, 5, &argument), 1);
	operations[0].flags = 04000;
	expect("semop without waiting", call(SYS_semop, set, operations, 1), -EAGAIN);
	argument.value = 9;
	expect("SETVAL", call(SYS_semctl, set, 0, 8, &argument), 0);
	expect("GETVAL again", call(SYS_semctl, set, 0, 5, &argument), 9);
	expect("GETPID", call(SYS_semctl, set, 0, 4, &argument), call(SYS_getpid));
	argument.at = &status;
	expect("IPC_STAT", call(SYS_semctl, set, 0, 2, &argument), 0);
	hold("status", status.count == 2 && (status.mode & 0777) == 0600 && status.uid == call(SYS_getuid));
	expect("semctl of what it does not know", call(SYS_semctl, set, 0, 99, &argument), -EINVAL);
	expect("IPC_RMID", call(SYS_semctl, set, 0, 0, &argument), 0);
	expect("gone", call(SYS_semctl, set, 0, 5, &argument), -EINVAL);

	long queue = call(SYS_msgget, 0, 01600);
	hold("msgget", queue >= 0);
	expect("msgsnd", call(SYS_msgsnd, queue, &message, 6, 0), 0);
	long messages[13];
	expect("msgctl", call(SYS_msgctl, queue, 2, messages), 0);
	hold("one of six bytes", messages[6] == 6 && messages[7] == 1);
	expect("msgrcv", call(SYS_msgrcv, queue, &got, sizeof got.text, 7, 0), 6);
	hold("hello", equal(got.text, "hello") && got.kind == 7);
	expect("msgrcv without waiting", call(SYS_msgrcv, queue, &got, 16, 0, 04000), -ENOMSG);
	expect("queue's IPC_RMID", call(SYS_msgctl, queue, 0, 0), 0);

	long segment = call(SYS_shmget, 0, 8192, 01600), parts[10];
	hold("shmget", segment >= 0);
	volatile char *at = (char *)call(SYS_shmat, segment, 0, 0);
	hold("shmat", (long)at > 0);
	at[5] = 42;
	expect("shmctl", call(SYS_shmctl, segment, 2, parts), 0);
	hold("size and attachments", parts[4] == 8192 && (unsigned)parts[6] == 1);
	long child = call(SYS_fork);
	if (child == 0) {
		at[6] = at[5];
		call(SYS_exit, 0);
	}
	int state;
	call(SYS_wait4, child, &state, 0, 0);
	expect("shared with a child", at[6], 42);
	char *place = allocate(8192);
	expect("shmat over memory", call(SYS_shmat, segment, place, 0), -EINVAL);
	expect("shmat in place of memory", call(SYS_shmat, segment, place, 020000), (long)place);
	expect("shmdt", call(SYS_shmdt, place), 0);
	expect("shmdt again", call(SYS_shmdt, place), -EINVAL);
	expect("segment's IPC_RMID", call(SYS_shmctl, segment, 0, 0), 0);

	long attributes[8] = {0, 4, 32};
	char text[32];
	unsigned priority = 0;
	call(SYS_kmq_unlink, "/mapper-calls");
	long mailbox = call(SYS_kmq_open, "/mapper-calls", O_RDWR | O_CREAT | O_EXCL, 0600, attributes);
	hold("kmq_open", mailbox >= 0);
	expect("kmq_open of a bad name", call(SYS_kmq_open, "calls", O_RDWR, 0, 0), -EINVAL);
	expect("kmq_timedsend", call(SYS_kmq_timedsend, mailbox, "letter", 7, 3, 0), 0);
	attributes[0] = 4;
	expect("kmq_setattr", call(SYS_kmq_setattr, mailbox, attributes, 0), 0);
	expect("kmq_setattr's answer", call(SYS_kmq_setattr, mailbox, 0, attributes), 0);
	hold("attributes", attributes[0] == 4 && attributes[1] == 4 && attributes[2] == 32 && attributes[3] == 1);
	expect("kmq_timedreceive", call(SYS_kmq_timedreceive, mailbox, text, 32, &priority, 0), 7);
	hold("letter", equal(text, "letter") && priority == 3);
	expect("kmq_timedreceive of nothing", call(SYS_kmq_timedreceive, mailbox, text, 32, 0, 0), -EAGAIN);
	expect("kmq_unlink", call(SYS_kmq_unlink, "/mapper-calls"), 0);
	return 0;
}

static int descriptor_calls(void)
{
	int descriptor = -1, pid = 0, status = -1;
	long child = call(SYS_pdfork, &descriptor, 0);
	if (child == 0)
		for (;;)
			call(SYS_sched_yield);
	hold("pdfork", child > 0 && descriptor > 2);
	expect("not close-on-exec", call(SYS_fcntl, descriptor, 1), 0);
	expect("pdgetpid", call(SYS_pdgetpid, descriptor, &pid), 0);
	expect("the child", pid, child);
	expect("pdgetpid of a file", call(SYS_pdgetpid, 1, &pid), -EBADF);
	expect("not for wait", call(SYS_wait4, -1, &status, 1, 0), -ECHILD);
	expect("pdkill", call(SYS_pdkill, descriptor, SIGUSR1), 0);
	expect("pdwait", call(SYS_pdwait, descriptor, &status, 16, 0, 0), 0);
	expect("how it ended", status, SIGUSR1);
	expect("REAP_RELEASE", call(SYS_procctl, 0, 0L, 3, 0), -EINVAL);
	expect("REAP_ACQUIRE", call(SYS_procctl, 0, 0L, 2, 0), 0);
	expect("REAP_ACQUIRE again", call(SYS_procctl, 0, 0L, 2, 0), -EBUSY);
	int value = 2;
	expect("TRACE_CTL", call(SYS_procctl, 0, call(SYS_getpid), 7, &value), 0);
	expect("TRACE_STATUS", call(SYS_procctl, 0, 0L, 8, &value), 0);
	expect("not to be traced", value, -1);
	value = SIGUSR2;
	expect("PDEATHSIG_CTL", call(SYS_procctl, 0, 0L, 11, &value), 0);
	value = 0;
	expect("PDEATHSIG_STATUS", call(SYS_procctl, 0, 0L, 12, &value), 0);
	expect("that signal", value, SIGUSR2);
	value = 1;
	expect("NO_NEW_PRIVS_CTL", call(SYS_procctl, 0, 0L, 19, &value), 0);
	expect("ASLR_STATUS", call(SYS_procctl, 0, 0L, 14, &value), 0);
	hold("as everything else", (value & 0xff) == 3 || (value & 0xff) == 2);
	expect("procctl of another kind", call(SYS_procctl, 7, 0L, 12, &value), -EINVAL);
	expect("pdkill of nobody", call(SYS_pdkill, descriptor, 0), -ESRCH);
	return 0;
}

/* Counts and remembers, so that it need not be told. */
static volatile int signals, last_code;
static volatile long last_value;

static void handler(int signal, struct siginfo *info, void *context)
{
	(void)signal, (void)context;
	signals++;
	last_code = info->code;
	last_value = info->rest[0];
}

static int signal_calls(void)
{
	struct sigaction act = {handler, SA_SIGINFO, {0}};
	const int ignored[] = {SIGINFO, SIGTHR, SIGIO, 33};
	for (int i = 0; i < 4; i++)
		expect("ignored by default", call(SYS_kill, call(SYS_getpid), ignored[i]), 0);
	expect("sigaction", call(SYS_sigaction, SIGINFO, &act, 0), 0);
	expect("kill", call(SYS_kill, call(SYS_getpid), SIGINFO), 0);
	expect("SIGINFO caught", signals, 1);
	expect("sigqueue", call(SYS_sigqueue, call(SYS_getpid), SIGINFO, 77L), 0);
	hold("with its value", signals == 2 && last_value == 77 && last_code == 0x10002);
	long child = call(SYS_fork);
	int status;
	if (child == 0) {
		for (int i = 0; signals == 2 && i < 100000; i++)
			call(SYS_sched_yield);
		call(SYS_exit, signals == 3 ? 0 : 9);
	}
	expect("kill of another", call(SYS_kill, child, SIGINFO), 0);
	call(SYS_wait4, child, &status, 0, 0);
	expect("which caught it", status, 0);
	expect("kill of nobody", call(SYS_kill, 0x7ffffff0, SIGINFO), -ESRCH);
	expect("no signal", call(SYS_kill, call(SYS_getpid), 129), -EINVAL);
	long id;
	call(SYS_thr_self, &id);
	expect("thr_wake", call(SYS_thr_wake, id), 0);
	expect("thr_suspend of who was woken", call(SYS_thr_suspend, 0), 0);
	long soon[2] = {0, 1000000};
	expect("thr_suspend", call(SYS_thr_suspend, soon), -ETIMEDOUT);
	expect("thr_wake of nobody", call(SYS_thr_wake, 0x7ffffff0), -ESRCH);
	return 0;
}

struct context {
	uint32_t mask[4];
	long machine[100];
	long link;
	long rest[7];
};

static struct context first, second;
static volatile int visits;

static void visitor(void)
{
	visits++;
	call(SYS_swapcontext, &second, &first);
	visits += 10;
	call(SYS_setcontext, &first);
}

static int context_calls(void)
{
	/* Places in the machine's part: rbx, rip, rsp, length. */
	enum { RIP = 20, RSP = 23, LENGTH = 25 };
	static char stack[16384] __attribute__((aligned(16)));
	volatile int times = 0;
	volatile double half = 0.5;
	clear(&first, sizeof first);
	expect("getcontext", call(SYS_getcontext, &first), 0);
	expect("its length", first.machine[LENGTH], 800);
	if (times++ == 0)
		call(SYS_setcontext, &first);
	expect("came back once", times, 2);
	hold("floating point", half + half == 1.0);
	call(SYS_getcontext, &second);
	second.machine[RIP] = (long)visitor;
	second.machine[RSP] = (long)(stack + sizeof stack - 8);
	expect("swapcontext", call(SYS_swapcontext, &first, &second), 0);
	expect("visited", visits, 1);
	expect("swapcontext again", call(SYS_swapcontext, &first, &second), 0);
	expect("visited twice", visits, 11);
	second.machine[LENGTH] = 1;
	expect("no context", call(SYS_setcontext, &second), -EINVAL);
	expect("nothing", call(SYS_setcontext, 0), -EINVAL);
	return 0;
}

struct aiocb {
	int file;
	long offset;
	void *buffer;
	size_t size;
	long spare[2];
	int opcode, priority;
	long private[3];
	struct { int notify, signal; long value; long rest[8]; } event;
};

static int aio_calls(void)
{
	char text[16];
	struct sigaction act = {handler, SA_SIGINFO, {0}};
	long file = call(SYS_open, "/tmp/mapper-calls-aio", O_RDWR | O_CREAT, 0600);
	call(SYS_unlink, "/tmp/mapper-calls-aio");
	struct aiocb job = {.file = file, .buffer = "written", .size = 8};
	struct aiocb *list[] = {&job}, *done;
	expect("aio_write", call(SYS_aio_write, &job), 0);
	expect("aio_suspend", call(SYS_aio_suspend, list, 1, 0), 0);
	expect("aio_error", call(SYS_aio_error, &job), 0);
	expect("aio_return", call(SYS_aio_return, &job), 8);
	expect("aio_return again", call(SYS_aio_return, &job), -EINVAL);
	call(SYS_sigaction, SIGUSR2, &act, 0);
	job.buffer = text;
	job.event.notify = 1;
	job.event.signal = SIGUSR2;
	job.event.value = 99;
	signals = 0;
	expect("aio_read", call(SYS_aio_read, &job), 0);
	hold("signalled", signals == 1 && last_value == 99 && last_code == 0x10004);
	expect("aio_waitcomplete", call(SYS_aio_waitcomplete, &done, 0), 8);
	hold("of that job", done == &job && equal(text, "written"));
	job.event.notify = 0;
	job.buffer = (void *)8;
	expect("aio_read to nowhere", call(SYS_aio_read, &job), 0);
	expect("its error", call(SYS_aio_error, &job), EFAULT);
	expect("its result", call(SYS_aio_return, &job), -EFAULT);
	long now[2] = {0, 0};
	expect("none left", call(SYS_aio_waitcomplete, &done, now), -EAGAIN);
	expect("aio_cancel", call(SYS_aio_cancel, file, 0), 3);
	int pair[2];
	call(SYS_pipe2, pair, 0);
	job.file = pair[0];
	expect("aio_read of a pipe", call(SYS_aio_read, &job), -EOPNOTSUPP);
	return 0;
}

static int kernel_calls(void)
{
	unsigned char ids[2][16];
	static struct { int version; char name[1024]; int references, id; long address, size; char path[1024]; } module;
	expect("kenv", call(SYS_kenv, 0, "kernelname", ids, 16), -ENOENT);
	expect("kenv's dump", call(SYS_kenv, 3, 0, 0, 0), 0);
	expect("uuidgen", call(SYS_uuidgen, ids, 2), 0);
	hold("version and variant", ids[0][7] >> 4 == 1 && ids[0][8] >> 6 == 2);
	expect("uuidgen of none", call(SYS_uuidgen, ids, 0), -EINVAL);
	expect("kldfind", call(SYS_kldfind, "no_such_module.ko"), -ENOENT);
	expect("modfind", call(SYS_modfind, "no_such_module"), -ENOENT);
	long id = 0;
	for (int count = 0; (id = call(SYS_kldnext, id)) > 0; count++) {
		module.version = sizeof module;
		expect("kldstat", call(SYS_kldstat, id, &module), 0);
		expect("by its name", call(SYS_kldfind, module.name), id);
		if (count == 100)
			break;
	}
	expect("after the last", id, 0);
	module.version = sizeof module;
	expect("kldstat of nothing", call(SYS_kldstat, 9999, &module), -ENOENT);
	expect("Capsicum is not there", call(SYS_cap_enter), -ENOSYS);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} groups[] = {
	{"sysctl", sysctl_calls},
	{"identity", identity_calls},
	{"scheduling", scheduling_calls},
	{"ipc", ipc_calls},
	{"descriptors", descriptor_calls},
	{"signals", signal_calls},
	{"contexts", context_calls},
	{"aio", aio_calls},
	{"kernel", kernel_calls},
};

static int begin(long count, char **arguments)
{
	for (size_t i = 0; count == 2 && i < sizeof groups / sizeof *groups; i++)
		if (equal(groups[i].name, arguments[1])) {
			groups[i].run();
			return wrong;
		}
	say("no such group\n");
	return 2;
}

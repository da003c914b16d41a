/* Answers that a stub may keep, asked for again right after something has changed them: one program for each first
 * argument, run natively too. */
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A result with its error, of which a C compiler might read the latter first. */
static void result(long got)
{
	printf("%ld %d\n", got, got < 0 ? errno : 0);
}

static void ids(const char *when)
{
	uid_t u[3];
	gid_t g[3];
	gid_t list[64];
	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	int count = getgroups(64, list);
	printf("%s: %d %d %d %d | %d %d %d | %d %d %d | %d:", when, (int)syscall(SYS_getuid), (int)syscall(SYS_geteuid),
	       (int)syscall(SYS_getgid), (int)syscall(SYS_getegid), u[0], u[1], u[2], g[0], g[1], g[2], count);
	for (int i = 0; i < count; i++)
		printf(" %d", list[i]);
	printf("\n");
}

static void *thread(void *unused)
{
	(void)unused;
	ids("thread");
	/* The raw call changes this thread alone. */
	printf("%ld\n", syscall(SYS_setresuid, -1, 4001, -1));
	ids("thread changed");
	return NULL;
}

/* To be run by the privileged. */
static int change(void)
{
	ids("first");
	ids("again");
	gid_t list[40];
	for (int i = 0; i < 40; i++)
		list[i] = 7000 + i;
	printf("%d\n", setgroups(2, list));
	ids("two groups");
	printf("%d\n", setgroups(40, list));
	ids("many groups");
	result(getgroups(3, list));
	printf("%d\n", setregid(50, 51));
	ids("setregid");
	pthread_t other;
	pthread_create(&other, NULL, thread, NULL);
	pthread_join(other, NULL);
	ids("after thread");
	pid_t child = fork();
	if (child == 0) {
		ids("child");
		printf("%d\n", setuid(1234));
		ids("child changed");
		result(setuid(0));
		ids("child refused");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	ids("parent");
	printf("%d\n", seteuid(77));
	ids("seteuid");
	printf("%d\n", seteuid(0));
	ids("back");
	return 0;
}

/* Numbers of parents, children and threads, which differ from run to run, against each other. */
static int numbers(void)
{
	pid_t own = syscall(SYS_getpid);
	printf("%d\n", own == getpid() && syscall(SYS_gettid) == own);
	for (int i = 0; i < 3; i++) {
		int ends[2];
		pid_t told;
		if (pipe(ends) != 0)
			return 1;
		pid_t child = i == 1 ? vfork() : fork();
		if (child == 0) {
			pid_t now = syscall(SYS_getpid);
			(void)!write(ends[1], &now, sizeof now);
			_exit(syscall(SYS_getppid) != own || syscall(SYS_gettid) != now);
		}
		int status;
		(void)!read(ends[0], &told, sizeof told);
		waitpid(child, &status, 0);
		printf("%d %d %d\n", told == child, status, (int)(syscall(SYS_getpid) == own));
	}
	/* The parent ends first: the next call sees another one. */
	int ends[2];
	if (pipe(ends) != 0)
		return 1;
	if (fork() == 0) {
		pid_t middle = getpid();
		if (fork() == 0) {
			char byte;
			close(ends[1]);
			printf("%d\n", syscall(SYS_getppid) == middle);
					(void)!read(ends[0], &byte, 1);
			while (syscall(SYS_getppid) == middle)
				sched_yield();
			printf("orphan\n");
					_exit(0);
		}
		usleep(100000);
		_exit(0);
	}
	close(ends[0]);
	wait(NULL);
	usleep(1000);
	close(ends[1]);
	usleep(200000);
	return 0;
}

/* A limit that another process changes. */
static int limits(void)
{
	pid_t own = getpid();
	struct rlimit limit;
	for (int i = 0; i < 3; i++) {
		getrlimit(RLIMIT_CORE, &limit);
		printf("%d\n", i == 0 || (limit.rlim_cur == 4096u * i && limit.rlim_max == 8192u * 1024));
		if (fork() == 0) {
			struct rlimit new = { 4096u * (i + 1), 8192u * 1024 };
			_exit(prlimit(own, RLIMIT_CORE, &new, NULL) != 0);
		}
		int status;
		wait(&status);
		printf("%d\n", status);
	}
	return 0;
}

static int later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec >= b.tv_nsec);
}

/* Clocks never go back, agree with each other, and refuse what there is not. */
static int clocks(void)
{
	const int which[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
		CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI };
	for (unsigned i = 0; i < sizeof which / sizeof *which; i++) {
		struct timespec before = { 0, 0 }, now;
		int right = 1;
		for (int j = 0; j < 1000; j++) {
			right &= syscall(SYS_clock_gettime, which[i], &now) == 0 && later(now, before);
			before = now;
		}
		printf("%d %d\n", which[i], right);
	}
	struct timespec before, after;
	struct timeval between;
	clock_gettime(CLOCK_REALTIME, &before);
	syscall(SYS_gettimeofday, &between, NULL);
	clock_gettime(CLOCK_REALTIME, &after);
	struct timespec middle = { between.tv_sec, between.tv_usec * 1000 + 999 };
	printf("%d %d\n", later(middle, before), after.tv_sec >= between.tv_sec);
	time_t stored = 0, seconds = syscall(SYS_time, &stored);
	printf("%d\n", seconds == stored && seconds >= before.tv_sec - 1 && seconds <= after.tv_sec + 1);
	result(syscall(SYS_clock_gettime, 99, &after));
	result(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)8));
	return 0;
}

/* Signals that find the program, the stub or the host's clock code at work. */
static volatile int ticks;

static void tick(int number)
{
	(void)number;
	struct timespec now;
	ticks += syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0;
}

static int interrupted_clocks(void)
{
	struct sigaction action = { .sa_handler = tick };
	struct itimerval often = { { 0, 50 }, { 0, 50 } };
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	struct timespec now, before = { 0, 0 };
	int right = 1;
	while (ticks < 2000) {
		right &= syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0 && later(now, before);
		before = now;
	}
	printf("%d\n", right);
	return 0;
}

/* The name of the system as each line of the input asks for it; `+NAME` sets it. */
static int name(void)
{
	char line[128];
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] == '+') {
			int set = sethostname(line + 1, strlen(line + 1));
			printf("set %d %d\n", set, set == 0 ? 0 : errno);
		} else if (line[0] == '-') {
			int left = setuid(1234);
			printf("left %d\n", left);
		} else {
			struct utsname names;
			uname(&names);
			printf("name %s\n", names.nodename);
		}
		}
	return 0;
}

int main(int count, char **arguments)
{
	const char *what = count > 1 ? arguments[1] : "";
	setvbuf(stdout, NULL, _IONBF, 0);
	if (strcmp(what, "change") == 0)
		return change();
	if (strcmp(what, "numbers") == 0)
		return numbers();
	if (strcmp(what, "limits") == 0)
		return limits();
	if (strcmp(what, "clocks") == 0)
		return clocks();
	if (strcmp(what, "interrupted-clocks") == 0)
		return interrupted_clocks();
	if (strcmp(what, "name") == 0)
		return name();
	return 2;
}

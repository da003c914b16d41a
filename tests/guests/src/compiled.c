/* What linux_gcc.rs has gcc compile: enough of the C library to show that the program it makes is whole. */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static _Thread_local int own = 1;
static volatile sig_atomic_t signals;
static long sums[4];

static void *add(void *argument)
{
	long index = (long)argument;
	for (int i = 0; i < 100000; i++)
		sums[index] += own;
	own = 7;
	return (void *)(sums[index]);
}

static void count(int number)
{
	(void)number;
	signals++;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	void *result;
	for (long i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, add, (void *)i);
	long total = 0;
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		total += (long)result;
	}
	printf("threads %ld, own %d\n", total, own);
	signal(SIGUSR1, count);
	for (int i = 0; i < 10; i++)
		raise(SIGUSR1);
	printf("signals %d\n", (int)signals);
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();
	if (child == 0) {
		*shared = 42;
		_exit(3);
	}
	int status;
	waitpid(child, &status, 0);
	printf("child %d, shared %d\n", WEXITSTATUS(status), *shared);
	printf("root %.6f of %d arguments, first %s\n", sqrt(2.0), argc - 1, argc > 1 ? argv[1] : "none");
	char *block = malloc(10 << 20);
	memset(block, 'x', 10 << 20);
	printf("memory %c\n", block[(10 << 20) - 1]);
	free(block);
	return 5;
}

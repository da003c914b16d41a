/* All registers around a call, for programs that see what a call leaves of them. */
#include <stdint.h>

struct registers {
	uint64_t rax, rbx, rbp, rdi, rsi, rdx, r8, r9, r10, r12, r13, r14, r15, flags;
	uint64_t xmm[16][2];
};

/* Calls a function with all registers as given, and notes how they are after it. */
void run(void *function, const struct registers *before, struct registers *after);
__asm__(".text\n"
	".globl run\n"
	"run:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"push %rdx\n" /* after */
	"push %rdi\n" /* function, which may take it for its argument */
	"mov %rsi, %r11\n"
	".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
	"movups 112 + 16 * \\n(%r11), %xmm\\n\n"
	".endr\n"
	"mov 8(%r11), %rbx; mov 16(%r11), %rbp; mov 24(%r11), %rdi; mov 32(%r11), %rsi; mov 40(%r11), %rdx\n"
	"mov 48(%r11), %r8; mov 56(%r11), %r9; mov 64(%r11), %r10; mov 72(%r11), %r12; mov 80(%r11), %r13\n"
	"mov 88(%r11), %r14; mov 96(%r11), %r15; mov (%r11), %rax\n"
	"push 104(%r11); popfq\n"
	"call *(%rsp)\n"
	"pushfq\n"
	"mov 16(%rsp), %r11\n"
	"pop 104(%r11)\n"
	"cld\n"
	"mov %rax, (%r11); mov %rbx, 8(%r11); mov %rbp, 16(%r11); mov %rdi, 24(%r11); mov %rsi, 32(%r11)\n"
	"mov %rdx, 40(%r11); mov %r8, 48(%r11); mov %r9, 56(%r11); mov %r10, 64(%r11); mov %r12, 72(%r11)\n"
	"mov %r13, 80(%r11); mov %r14, 88(%r11); mov %r15, 96(%r11)\n"
	".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
	"movups %xmm\\n, 112 + 16 * \\n(%r11)\n"
	".endr\n"
	"pop %rdi; pop %rdx\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n");

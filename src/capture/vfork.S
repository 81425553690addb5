/* SPDX-License-Identifier: MIT */
/*
 * vfork: the child runs on its parent's memory, on the thread that called, and
 * would count into its parent's scopes. So the thread is told before, and its
 * next call looks which of the two it is. This must be a jump, not a call: the
 * real vfork returns twice, to our caller.
 */
#if defined(__x86_64__)
    .text
    .globl vfork
    .type vfork, @function
vfork:
    .cfi_startproc
    endbr64
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    call tare__vfork_target
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    jmp *%rax
    .cfi_endproc
    .size vfork, . - vfork
#elif defined(__aarch64__)
    .text
    .globl vfork
    .type vfork, %function
vfork:
    .cfi_startproc
    hint 34 /* bti c */
    stp x29, x30, [sp, #-16]!
    .cfi_adjust_cfa_offset 16
    bl tare__vfork_target
    ldp x29, x30, [sp], #16
    .cfi_adjust_cfa_offset -16
    mov x16, x0
    br x16
    .cfi_endproc
    .size vfork, . - vfork
#endif
    .section .note.GNU-stack, "", %progbits

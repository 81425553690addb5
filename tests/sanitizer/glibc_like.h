/* SPDX-License-Identifier: MIT */
/* Included before all else in the capture code: see glibc_like.c. */
#define __real_malloc glibc_like_malloc
#define __real_calloc glibc_like_calloc
#define __real_realloc glibc_like_realloc
#define __real_memalign glibc_like_memalign
#define __real_aligned_alloc glibc_like_aligned_alloc
#define __real_posix_memalign glibc_like_posix_memalign

/*
 * attr - the few compiler attributes we use, under readable names.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define PRINTFLIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN              __attribute__((noreturn))
#define MUST_USE              __attribute__((warn_unused_result))
#define UNUSED                __attribute__((unused))

#define NELEMS(array) (sizeof(array) / sizeof((array)[0]))

/* The struct that holds member at ptr. */
#define CONTAINER_OF(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif

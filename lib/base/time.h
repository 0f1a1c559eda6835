/*
 * time - clocks in microseconds, and the dates mail uses.
 *
 * Realtime is for what people and formats see; intervals use the monotonic
 * clock, which no clock jump moves. A test may set both.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

enum { TIME_SECOND = 1000000 }; /* microseconds */

int64_t time_real(void); /* us since 1970-01-01 UTC */
int64_t time_mono(void); /* us since some fixed point */
/*
 * ms until the monotonic clock shows deadline, rounded up, as poll() wants
 * them: INT_MAX at the most; 0: it is over.
 */
int time_left_ms(int64_t deadline);

/* From now on both clocks stand at these values; -1 lets them run again. */
void time_set_for_test(int64_t real, int64_t mono);

/*
 * RFC 5322 section 3.3 date-time in local time with numeric zone:
 * "Sun, 22 Nov 2026 05:22:35 +0000". out has TIME_RFC5322_SIZE bytes.
 */
enum { TIME_RFC5322_SIZE = 40 };
void time_format_rfc5322(char out[TIME_RFC5322_SIZE], int64_t seconds);

#endif

/*
 * pin - how readers without a lock file keep their pages.
 *
 * A lock file that readers may write would let one of them make a commit
 * lose rows. Instead the writer publishes an *epoch* in a page that readers
 * can only read, and keeps a read transaction for every epoch that is still
 * named. A reader writes the epoch it reads under into a page it shares with
 * the writer alone, looks again whether that epoch still stands, and begins;
 * done, it writes 0. So a pin is never older than a transaction the writer
 * holds, and one reader can hurt no other: at worst it makes the file grow
 * until it is over age and killed.
 *
 * Writer's side: struct kv_pins, single-threaded. Reader's side: struct
 * kv_pin, one a process, given to kv_set_pin. Both pages are sealed memory
 * files, so a reader can neither write the first nor shrink the second.
 */
#ifndef KV_PIN_H
#define KV_PIN_H

#include <stdint.h>

#include "kv/kv.h"

struct kv_pins;
struct kv_pin_slot;

/*
 * At most this many epochs are held at once. With all taken the epoch does
 * not step: readers then keep a little more than they need.
 */
enum { KV_PIN_EPOCHS = 256 };

int kv_pins_open(struct kv_pins **out, struct kv *kv, struct err *err);
void kv_pins_close(struct kv_pins *pins); /* NULL is fine; ends all slots */

/* The readers' page of epochs: a descriptor that stays ours. */
int kv_pins_epoch_fd(const struct kv_pins *pins);

/*
 * A page for one more reader. *fd is the caller's to pass on and close. ctx
 * is what kv_pins_check reports.
 */
int kv_pins_add(struct kv_pins *pins, void *ctx, struct kv_pin_slot **out,
    int *fd, struct err *err);
/* The reader is gone; its pin counts no more. */
void kv_pins_remove(struct kv_pin_slot *slot);

/*
 * To be called every 20 ms or so: publish a new epoch if something was
 * committed since the last one, and end the transactions of epochs that are
 * neither named nor current. now is the monotonic clock in microseconds.
 */
int kv_pins_step(struct kv_pins *pins, int64_t now, struct err *err);

/*
 * Call fn for each reader whose epoch was replaced over max_age
 * microseconds ago: that process is to be killed, and its slot removed when
 * it is gone. fn must not remove slots itself. Returns how many there were.
 */
unsigned kv_pins_check(struct kv_pins *pins, int64_t now, int64_t max_age,
    void (*fn)(void *ctx, int64_t age));
unsigned kv_pins_epochs(const struct kv_pins *pins); /* held now */

/* The reader's side. Both descriptors are taken over and closed. */
int kv_pin_attach(struct kv_pin **out, int epoch_fd, int pin_fd,
    struct err *err);
void kv_pin_detach(struct kv_pin *pin); /* NULL is fine */

/* What kv_view does around a transaction. Nested takes count. */
void kv_pin_take(struct kv_pin *pin);
void kv_pin_drop(struct kv_pin *pin);

#endif

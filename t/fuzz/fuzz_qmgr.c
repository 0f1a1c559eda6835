/*
 * The words in an agent's reply, and what is told of them.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "qmgr/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size), host, diagnostic;
	struct words words;
	struct buf told;

	words_take(&words, in);
	if (words.text.p + words.text.len != in.p + in.len)
		panic("the text is not what is left");
	buf_init(&told, 2000);
	words_tell(&told, &words, 550, "5.1.1");
	for (size_t i = 0; i < told.len; i++) {
		if ((unsigned char)told.p[i] < ' ')
			panic("a control byte was told");
	}
	words_untell(buf_str(&told), &host, &diagnostic);
	buf_clear(&told);
	words_untell(in, &host, &diagnostic);
	return 0;
}

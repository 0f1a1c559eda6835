# The tests. "make check" is the quick part; "make check-all" adds the long
# ones; "make check-asan" runs what "make check" runs under ASan and UBSan.

unit_sources := $(wildcard t/unit/*/test_*.c)
unit_tests := $(patsubst %.c,$(BUILD)/%,$(unit_sources))
fuzz_sources := $(wildcard t/fuzz/fuzz_*.c)
replays := $(patsubst t/fuzz/%.c,$(BUILD)/t/replay/%,$(fuzz_sources))
fuzzers := $(patsubst t/fuzz/%.c,build-fuzz/%,$(fuzz_sources))
c_files = $(shell git ls-files -co --exclude-standard '*.c' '*.h')
test_support := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard t/lib/*.c))

# A program's own tests (t/unit/PROGRAM, t/fuzz/fuzz_PROGRAM.c, and those that
# end in _park and _states) have all of it but its main.
define program_tests
$(patsubst %.c,$(BUILD)/%,$(wildcard t/unit/$(1)/test_*.c)) \
$(foreach t,$(1) $(1)_park $(1)_states,\
$(BUILD)/t/replay/fuzz_$(t) $(BUILD)/fuzz_$(t)): $(patsubst %.c,$(BUILD)/obj/%.o,\
	$(filter-out $(1)/main.c,$(wildcard $(1)/*.c)))
endef
$(foreach p,$(built),$(eval $(call program_tests,$(p))))

# Its world is CMocka's, too.
$(BUILD)/t/replay/fuzz_qmgr_states $(BUILD)/fuzz_qmgr_states: LDLIBS += -lcmocka

# A parser inside a program that has a target of its own.
define program_parser
$(BUILD)/t/replay/fuzz_$(notdir $(1)) \
$(BUILD)/fuzz_$(notdir $(1)): $(BUILD)/obj/$(1).o
endef
$(foreach f,smtpd/clamd_reply smtpd/spamd_reply smtpd/xclient_attr,\
	$(eval $(call program_parser,$(f))))

$(BUILD)/t/unit/%: $(BUILD)/obj/t/unit/%.o $(test_support) $(archives)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(link_libs) -lcmocka

# A fuzz target with a main that replays files: every run, any compiler.
$(BUILD)/t/replay/%: $(BUILD)/obj/t/fuzz/%.o $(BUILD)/obj/t/fuzz/replay.o \
		$(archives)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(link_libs)

# Simulated power cuts and failing disks. What is preloaded is a library and
# never sanitized.
crash_parts := model marks queue_peers rewrite_peer mixed_model
crash_support := $(crash_parts:%=$(BUILD)/obj/t/crash/%.o)
crash_programs := $(patsubst t/crash/%.c,$(BUILD)/t/crash/%,\
	$(filter-out $(crash_parts:%=t/crash/%.c) t/crash/recorder.c \
	t/crash/fault.c t/crash/store_ask.c t/crash/store_verify.c \
	t/crash/store_slices.c t/crash/mixed_look.c t/crash/store_bury.c,\
	$(wildcard t/crash/*.c)))

crash_preloads := $(BUILD)/t/crash/recorder.so $(BUILD)/t/crash/fault.so
$(BUILD)/t/crash/recorder.so: t/crash/journal.h
$(crash_preloads): $(BUILD)/t/crash/%.so: t/crash/%.c t/crash/preload.h
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(filter-out \
	    -Wmissing-prototypes,$(WARN)) -O2 -fPIC -shared -o $@ $< -ldl

$(BUILD)/t/crash/%: $(BUILD)/obj/t/crash/%.o $(crash_support) $(archives)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(link_libs)

$(BUILD)/t/crash/store_work $(BUILD)/t/crash/whole_work \
$(BUILD)/t/crash/mixed_work: \
	$(BUILD)/obj/t/crash/store_ask.o \
	$(BUILD)/obj/t/crash/store_verify.o \
	$(BUILD)/obj/t/crash/store_bury.o \
	$(BUILD)/obj/t/crash/store_slices.o $(patsubst %.c,$(BUILD)/obj/%.o,\
	$(filter-out stored/main.c,$(wildcard stored/*.c)))

.PHONY: check-crash crash-programs
crash-programs: $(crash_programs) $(crash_preloads)
check-crash: crash-programs $(binaries)
	$(Q)for t in $(filter-out %.c %.h,$(wildcard t/crash/*)); do \
	    echo "$$t"; \
	    CHANCERY_BUILD=$(BUILD) $$t $(BUILD)/t/crash || exit 1; \
	done

$(BUILD)/t/crash/mixed_work: $(BUILD)/obj/t/crash/mixed_look.o

# The same with many states of ring, spool, packs and index: 2,000, or
# POWER_STATES; REPORT=doc/power.md writes down what was tried. Then writes
# and syncs of qmgr and stored fail, one a run: 30 of each, or FAULTS=all.
.PHONY: check-power
check-power: $(crash_programs) $(crash_preloads) $(binaries)
	$(Q)t/run-power $(BUILD)/t/crash $(REPORT)
	$(Q)FAULTS=$${FAULTS:-30} CHANCERY_BUILD=$(BUILD) \
	    t/crash/faults $(BUILD)/t/crash

.PHONY: check check-format check-layers check-headers check-manuals check-unit \
	check-replay check-e2e check-all check-asan check-seeded
check: check-deps
	$(Q)$(MAKE) --no-print-directory check-format check-layers \
	    check-headers check-manuals check-unit check-replay check-crash \
	    check-e2e

.PHONY: check-deps
check-deps:
	$(Q)etc/install-packages etc/packages t/packages

check-format:
	$(Q)clang-format --dry-run -Werror $(c_files)

check-layers:
	$(Q)t/layers

check-headers:
	$(Q)t/headers "$(CC) $(ALL_CFLAGS)"

check-manuals: all
	$(Q)t/manuals $(BUILD)
	$(Q)t/picture --check

# A failing binary's name is printed again at the end, where it is looked for.
# Some run the daemons themselves.
check-unit: all $(unit_tests) attack-programs
	$(Q)t/run-unit $(unit_tests)

check-replay: $(replays)
	$(Q)for r in $(replays); do \
	    $$r t/fuzz/corpus/$$(basename $$r | sed s/^fuzz_//) || exit 1; \
	done

# Instances of our own, driven by real clients.
check-e2e: all
	$(Q)CHANCERY_BUILD=$(BUILD) t/e2e/run

# The published attacks, and parsers measured against the size of their input.
attack_programs := $(BUILD)/t/attack/complexity
$(BUILD)/t/attack/complexity: $(patsubst %.c,$(BUILD)/obj/%.o,\
		$(wildcard t/attack/complexity*.c) imapd/search_text.c \
		imapd/thread_tree.c imapd/view.c imapd/view_pack.c \
		dnsd/name.c dnsd/packet.c dnsd/servers.c smtpd/clamd_reply.c \
		smtpd/spamd_reply.c smtpd/xclient_attr.c) $(archives)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(link_libs) -lm

.PHONY: attack-programs check-attack
attack-programs: $(attack_programs)
check-attack: all attack-programs
	$(Q)CHANCERY_BUILD=$(BUILD) t/attack/run

# The long tests.
check-all: check
	$(Q)$(MAKE) --no-print-directory check-attack
	$(Q)$(MAKE) --no-print-directory check-power
	$(Q)CHANCERY_BUILD=$(BUILD) t/e2e/run --slow
	$(Q)$(MAKE) --no-print-directory check-seeded
	$(Q)$(MAKE) --no-print-directory check-package

# Can they fail? Each of t/seeded/*.patch must turn the test it names red.
check-seeded:
	$(Q)t/seeded/run

# The same under AddressSanitizer and UndefinedBehaviorSanitizer.
check-asan:
	$(Q)$(MAKE) SAN=1 check-unit check-replay check-e2e

# The load generators of t/bench.
bench_tools := $(patsubst %.c,$(BUILD)/%,$(wildcard t/bench/*.c))
.PHONY: bench-tools
bench-tools: $(bench_tools)
$(BUILD)/t/bench/%: $(BUILD)/obj/t/bench/%.o $(archives)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(link_libs)

.PHONY: fuzzers
fuzzers:
	$(Q)$(MAKE) --no-print-directory FUZZ=1 $(fuzzers)

$(BUILD)/fuzz_%: $(BUILD)/obj/t/fuzz/fuzz_%.o $(archives)
	$(call say,FUZZ,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) \
	    $(link_libs)

# What each daemon is left with; CALLS=FOLDER has what a run of the suite saw
# (CHANCERY_CALLS=FOLDER make check-e2e), without it that is run first.
.PHONY: jail-report
jail-report: all
	$(Q)CHANCERY_BUILD=$(BUILD) t/jail-report $(CALLS)

# sioscope: see README.md. `make help` lists the targets.

PREFIX ?= /usr/local
BUILD ?= build
CC ?= cc
CFLAGS ?= -O2 -g
WARNINGS ?= -Wall -Wextra -Werror
VERSION := 0.1.0

# On a Mac the libraries are Homebrew's: it keeps those that macOS has too out of pkg-config's
# way, and uthash is a header alone.
SYSTEM ?= $(shell uname -s)
PKG_CONFIG := pkg-config
ifeq ($(SYSTEM),Darwin)
BREW := $(shell brew --prefix 2>/dev/null)
PKG_CONFIG := PKG_CONFIG_PATH=$(BREW)/opt/ncurses/lib/pkgconfig:$(BREW)/opt/libpcap/lib/pkgconfig:$$PKG_CONFIG_PATH pkg-config
CPPFLAGS += -D_DARWIN_C_SOURCE $(if $(BREW),-I$(BREW)/include)
endif

# Asks a server (`bundle --server`) and sends to a collector (--otlp): without libcurl these say so.
CURL ?= $(if $(shell $(PKG_CONFIG) --modversion libcurl 2>/dev/null),yes,no)

# Disassembles Go's crypto/tls for the probes: where it is missing, Go's TLS is not read.
CAPSTONE ?= $(if $(shell $(PKG_CONFIG) --modversion capstone 2>/dev/null),yes,no)
PACKAGES = libpcap libcjson zlib libbrotlidec libzstd libcrypto libnghttp2 tre ncursesw $(if $(filter yes,$(CURL)),libcurl) $(if $(filter yesyes,$(BPF)$(CAPSTONE)),capstone) \
    $(if $(filter yes,$(BPF)),libbpf libelf)
# Read once and kept: pkg-config is asked only when something is built.
# Debian's tre.pc hands on the flags that it was itself built with: they are not ours.
PACKAGE_CFLAGS = $(eval PACKAGE_CFLAGS := $(filter-out -W% -D_FORTIFY_SOURCE%,$(shell $(PKG_CONFIG) --cflags $(PACKAGES))))$(PACKAGE_CFLAGS)
PACKAGE_LIBS = $(eval PACKAGE_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES)))$(PACKAGE_LIBS)

ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DSIOSCOPE_VERSION='"$(VERSION)"' -Isrc -I. $(WARNINGS) $(PACKAGE_CFLAGS) $(CPPFLAGS) $(CFLAGS)
ALL_LIBS = $(LDFLAGS) $(PACKAGE_LIBS) -lm

# The probes (bpf/) are part of each build on Linux. Where what they need is missing, or with BPF=no, they are left out:
# EBPF_MISSING says why, at LINK, in --version and in --help. BPF=yes builds them or fails. Nothing of the kernel that
# builds is read: bpf/kernel_types.h.
ifneq ($(strip $(BPF)),)
EBPF_MISSING := $(if $(filter yes,$(BPF)),,BPF=$(BPF))
else
EBPF_MISSING := $(if $(filter Linux,$(SYSTEM)),$(shell tests/tools/ebpf missing),not Linux)
override BPF := $(if $(EBPF_MISSING),no,yes)
endif
# Asked for once, and only when something is built with it.
BPFTOOL = $(eval BPFTOOL := $(shell tests/tools/ebpf bpftool))$(BPFTOOL)
BPF_MACHINE := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
# Where Debian keeps <asm/types.h>: clang does not look there when it compiles for BPF.
BPF_HEADERS := $(addprefix -idirafter ,$(sort $(wildcard /usr/include/$(shell uname -m)-linux-*)))
PROBE_SKELETON := $(BUILD)/bpf/probe.skel.h
EBPF_STATE := $(BUILD)/ebpf-missing

# The plug-in for Reflex (src/reflex): REFLEX=no leaves it out.
REFLEX ?= yes

# Of each pair one is compiled: what can be done here, or what says that it cannot.
LEFT_OUT := $(if $(filter yes,$(BPF)),src/source/probe_absent.c,src/source/probe.c src/source/probe_attach.c src/source/probe_places.c src/platform/confined.c) \
    $(if $(filter yesyes,$(BPF)$(CAPSTONE)),src/source/probe_go_absent.c,src/source/probe_go.c) \
    $(if $(filter yes,$(CURL)),src/reflex/handshake_absent.c src/cmd/otlp_post_absent.c,src/reflex/handshake.c src/cmd/otlp_post.c) \
    $(if $(filter yes,$(REFLEX)),,src/reflex/%)
SOURCES := $(sort $(filter-out $(LEFT_OUT),$(wildcard src/*/*.c)))
LIBRARY_SOURCES := $(filter-out src/cmd/main.c,$(SOURCES))
UNIT_SOURCES := $(sort $(filter-out $(if $(filter yes,$(REFLEX)),,tests/unit/reflex_%) \
    $(if $(filter yes,$(BPF)),,tests/unit/confined.c tests/unit/probe_places.c) \
    $(if $(filter yesyes,$(BPF)$(CAPSTONE)),,tests/unit/probe_go.c),$(wildcard tests/unit/*.c)))
TOOL_SOURCES := $(sort $(filter-out tests/tools/refuse.c,$(wildcard tests/tools/*.c tests/bench/*.c)))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libsioscope.a
, := ,
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
TOOLS := $(TOOL_SOURCES:%.c=$(BUILD)/%)
REFUSE := $(BUILD)/tests/tools/refuse.so

# All processors, unless -j says otherwise; of several goals one after the other, since they may depend on that order.
ifeq ($(MAKELEVEL)$(filter -j% --jobserver%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
ifneq ($(word 2,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif
endif

.PHONY: all demo check check-long check-live check-probe check-fleet check-html check-kernels check-roots units deps install install-strip uninstall deb rpm check-package \
    asan torture valgrind coverage fuzz fuzz-seeds bench bench-large bench-probe cross lint format clean help
# make V=1 shows the commands.
ifneq ($(V),1)
.SILENT:
SAY = printf '  %-4s %s\n'
else
SAY = :
endif

.DELETE_ON_ERROR:

all: $(BUILD)/sioscope ## build sioscope into build/

$(BUILD)/sioscope: $(BUILD)/src/cmd/main.o $(LIBRARY)
	$(SAY) LINK '$@$(if $(EBPF_MISSING), (without eBPF: $(EBPF_MISSING)))'
	$(CC) $(CFLAGS) -o $@ $^ $(ALL_LIBS)

$(LIBRARY): $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o) $(EBPF_STATE)
	rm -f $@
	$(SAY) AR $@
	$(if $(filter %.so,$@),$(CC) -shared -Wl$(,)-soname$(,)$(@F) -o $@ $(filter %.o,$^) $(ALL_LIBS),ar rcs $@ $(filter %.o,$^))

# Changes when something that the probes need is installed or removed, and when BPF= is given or no longer.
$(EBPF_STATE): FORCE
	mkdir -p $(@D)
	echo '$(EBPF_MISSING)' | cmp -s - $@ || echo '$(EBPF_MISSING)' >$@

.PHONY: FORCE
FORCE:

$(BUILD)/bpf/probe.bpf.o: $(wildcard bpf/*.[ch])
	mkdir -p $(@D)
	$(SAY) BPF $@
	clang -g -O2 -target bpf -D__TARGET_ARCH_$(BPF_MACHINE) $(WARNINGS) -Wno-unused-parameter -Ibpf $(BPF_HEADERS) \
	    -c -o $@ bpf/probe.bpf.c

$(PROBE_SKELETON): $(BUILD)/bpf/probe.bpf.o
	$(SAY) SKEL $@
	$(BPFTOOL) gen skeleton $< name probe_bpf >$@

$(BUILD)/src/source/probe.o: $(PROBE_SKELETON)
$(BUILD)/src/source/probe.o: ALL_CFLAGS += -I$(BUILD)
$(BUILD)/src/source/probe_absent.o: ALL_CFLAGS += -DSIOSCOPE_EBPF_MISSING='"$(EBPF_MISSING)"'
$(BUILD)/src/source/probe_absent.o: $(EBPF_STATE)

# The style and the scripts of the HTML report are files of their own; the compiler gets them as numbers, by tools that
# POSIX has.
$(BUILD)/assets/report.css.inc: src/view/html/report.css
$(BUILD)/assets/report.js.inc: $(sort $(wildcard src/view/html/*.js))
$(BUILD)/assets/state.css.inc: src/reflex/html/state.css
$(BUILD)/assets/state.js.inc: src/reflex/html/state.js
$(BUILD)/assets/%.inc:
	mkdir -p $(@D)
	$(SAY) DATA $@
	cat $^ | od -An -v -tx1 | sed 's/[0-9a-f][0-9a-f]/0x&,/g' >$@

$(BUILD)/src/view/html_writer.o: $(BUILD)/assets/report.css.inc $(BUILD)/assets/report.js.inc
$(BUILD)/src/reflex/state_page.o: $(BUILD)/assets/state.css.inc $(BUILD)/assets/state.js.inc
$(BUILD)/src/view/html_writer.o $(BUILD)/src/reflex/state_page.o: ALL_CFLAGS += -I$(BUILD)

# The one place that names plug-ins is compiled again when the choice has changed.
$(BUILD)/src/cmd/plugins.o: | $(BUILD)/reflex-$(REFLEX)
$(BUILD)/src/cmd/plugins.o: ALL_CFLAGS += $(if $(filter yes,$(REFLEX)),-DSIOSCOPE_REFLEX)
$(BUILD)/reflex-$(REFLEX):
	mkdir -p $(@D)
	rm -f $(BUILD)/reflex-* $(BUILD)/src/cmd/plugins.o
	touch $@

$(BUILD)/%.o: %.c Makefile
	mkdir -p $(@D)
	$(SAY) CC $<
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Static patterns, so that make takes no object for an intermediate file: those it neither keeps nor rebuilds.
$(UNIT_TESTS): %: %.o $(LIBRARY)
	$(SAY) LINK $@
	$(CC) $(CFLAGS) -o $@ $^ $(ALL_LIBS) -lcmocka

$(TOOLS): %: %.o $(LIBRARY)
	$(SAY) LINK $@
	$(CC) $(CFLAGS) -o $@ $(filter %.o,$^) $(LIBRARY) $(ALL_LIBS)

# Loaded before a program that may have sanitizers: it has none itself.
$(REFUSE): tests/tools/refuse.c Makefile
	mkdir -p $(@D)
	$(SAY) LINK $@
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) -O2 -g -fPIC -shared -o $@ $<

$(BUILD)/tests/tools/hostile: ALL_LIBS += -lbrotlienc
$(BUILD)/tests/tools/seeds: $(BUILD)/tests/fuzz/capture_format.o

# On a terminal this opens the interface, else it shows the report.
DEMO_ARGS ?= -r captures/reflex-missing-var/capture.pcap --frontend captures/frontend
demo: build-deps ## install what is missing, build, show a real capture of a page that stays empty
	@$(MAKE) --no-print-directory all
	@echo "$(BUILD)/sioscope $(DEMO_ARGS)"
	$(BUILD)/sioscope $(DEMO_ARGS)

check: test-deps ## install what is missing, build, run all tests; the long sweeps are sampled (SEED=N names the sample)
	@$(MAKE) --no-print-directory all units
	@BUILD=$(BUILD) tests/run

check-long: test-deps ## the sweeps whole: each rewriting, each cut, each allocation, each hostile capture
	@$(MAKE) --no-print-directory all units
	@SWEEP=all TORTURE=all BUILD=$(BUILD) tests/run torture metamorphic truncation hostile

check-live: test-deps ## live, by packets and by probes: real servers and clients, put into build/live (as root)
	@tests/tools/install-missing live
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/check-live
	@BUILD=$(BUILD) tests/check-probe

check-probe: test-deps ## the second half of check-live alone: the probes, and README's table of servers (as root)
	@tests/tools/install-missing live
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/check-probe

check-html: test-deps ## the report in HTML in a real browser: each path, each width, without a script, axe-core
	@tests/tools/install-missing build live browser
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/check-html

check-fleet: test-deps ## --otlp with a real collector, Prometheus and ClickHouse's engine, put into build/fleet (as root)
	@tests/tools/install-missing build live fleet
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/check-fleet

check-kernels: ## the probes on other kernels under qemu, and on this one; the service under a systemd (as root; takes long)
	@tests/tools/install-missing build live kernels
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/check-kernels

units: $(UNIT_TESTS) $(TOOLS) $(REFUSE)

deps: ## install what is missing to build, test and fuzz
	@tests/tools/install-missing build test fuzz

.PHONY: build-deps test-deps fuzz-deps
build-deps:
	@tests/tools/install-missing build
test-deps:
	@tests/tools/install-missing build test
fuzz-deps:
	@tests/tools/install-missing build fuzz

MAN_FOLDER ?= $(PREFIX)/share/man/man1
BASH_FOLDER ?= $(PREFIX)/share/bash-completion/completions
ZSH_FOLDER ?= $(PREFIX)/share/zsh/site-functions
# fish looks below its own prefix, in /etc/fish and in ~/.local/share; for a fish of the system /usr/local is none of them.
FISH_FOLDER ?= $(if $(filter /usr/local,$(PREFIX)$(wildcard /usr/local/bin/fish)),/etc/fish/completions,$(PREFIX)/share/fish/vendor_completions.d)
DOCUMENT_FOLDER ?= $(PREFIX)/share/doc/sioscope
# As examples: where the program is is put into units; the rest is as it is.
UNITS := sioscope@.service sioscope-otlp@.service
EXAMPLES := otel-collector.yaml kubernetes-daemonset.yaml queries.sql queries.promql

FILES := $(PREFIX)/bin/sioscope $(MAN_FOLDER)/sioscope.1 $(BASH_FOLDER)/sioscope $(ZSH_FOLDER)/_sioscope \
    $(FISH_FOLDER)/sioscope.fish $(DOCUMENT_FOLDER)/README.md $(addprefix $(DOCUMENT_FOLDER)/examples/,$(UNITS) $(EXAMPLES))
# Which folders install has made: uninstall removes those of them that are empty, and no others. A package has no need of it.
MADE_FOLDERS := $(DOCUMENT_FOLDER)/made-folders

install: all ## install to PREFIX (default /usr/local), under DESTDIR
	DESTDIR=$(DESTDIR) src/package/make-folders $(MADE_FOLDERS) $(dir $(FILES))
	install -m 755 $(STRIP) $(BUILD)/sioscope $(DESTDIR)$(PREFIX)/bin/sioscope
	install -m 644 src/cmd/sioscope.1 $(DESTDIR)$(MAN_FOLDER)/sioscope.1
	install -m 644 src/package/sioscope.bash $(DESTDIR)$(BASH_FOLDER)/sioscope
	install -m 644 src/package/_sioscope $(DESTDIR)$(ZSH_FOLDER)/_sioscope
	install -m 644 src/package/sioscope.fish $(DESTDIR)$(FISH_FOLDER)/sioscope.fish
	install -m 644 README.md $(DESTDIR)$(DOCUMENT_FOLDER)/README.md
	install -m 644 $(addprefix src/package/,$(EXAMPLES)) $(DESTDIR)$(DOCUMENT_FOLDER)/examples/
	for unit in $(UNITS); do \
	    sed 's,@PREFIX@,$(PREFIX),g' src/package/$$unit.in >$(DESTDIR)$(DOCUMENT_FOLDER)/examples/$$unit && \
	    chmod 644 $(DESTDIR)$(DOCUMENT_FOLDER)/examples/$$unit || exit 1; \
	done

install-strip: STRIP := -s
install-strip: install ## the same without debugging symbols

uninstall: ## remove what install put there
	DESTDIR=$(DESTDIR) src/package/make-folders --undo $(MADE_FOLDERS) $(FILES)

# Packages are built from a copy, by the system's own tools, with its flags and none of this make's.
TREE := Makefile README.md LICENSE src bpf tests captures
UNMADE = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u BUILD -u CFLAGS -u BPF $(filter BPF=%,$(EBPF_MISSING))

deb: ## a Debian package, into build/
	rm -rf $(BUILD)/deb
	mkdir -p $(BUILD)/deb/sioscope
	tar -c $(TREE) | tar -x -C $(BUILD)/deb/sioscope
	cp -r src/package/debian $(BUILD)/deb/sioscope/
	tests/tools/install-missing --debian $(BUILD)/deb/sioscope
	$(SAY) DEB '$(BUILD)/deb/log says how it goes'
	cd $(BUILD)/deb/sioscope && DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck $(UNMADE) \
	    dpkg-buildpackage -b -us -uc >../log 2>&1 || { tail -n 40 ../log; exit 1; }
	cp $(BUILD)/deb/sioscope_*.deb $(BUILD)/
	ls $(BUILD)/sioscope_*.deb

check-package: test-deps ## build the packages; install and remove them in a clean root (as root; a mirror is asked)
	@tests/tools/install-missing package rpm
	@$(MAKE) --no-print-directory all $(if $(shell command -v apt-get),deb) rpm
	@BUILD=$(BUILD) tests/check-package

check-roots: ## follow README in clean roots of Debian 12 and 13 (as root; a mirror is asked; takes long)
	@tests/tools/install-missing roots
	@tests/check-roots

# Where rpm is not the system's own (Debian), its database knows nothing of what is installed.
rpm: build-deps ## an rpm package, into build/
	tests/tools/install-missing rpm
	rm -rf $(BUILD)/rpm
	mkdir -p $(BUILD)/rpm/SOURCES
	tar -cz --transform 's,^,sioscope-$(VERSION)/,' -f $(BUILD)/rpm/SOURCES/sioscope-$(VERSION).tar.gz $(TREE)
	$(UNMADE) rpmbuild -bb $(shell rpm -q --quiet rpm || echo --nodeps) --define "_topdir $(abspath $(BUILD))/rpm" \
	    src/package/sioscope.spec >$(BUILD)/rpm/log 2>&1 || { tail -n 40 $(BUILD)/rpm/log; exit 1; }
	cp $(BUILD)/rpm/RPMS/*/sioscope-$(VERSION)-*.rpm $(BUILD)/
	ls $(BUILD)/sioscope-$(VERSION)-*.rpm

# Their own runtimes open files and look at the process: no sandbox (platform/sandbox.h).
SANITIZERS := -DSIOSCOPE_UNCONFINED -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
asan: test-deps ## the tests again, with address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS="-O1 -g $(SANITIZERS)" all units
	@BUILD=$(BUILD)/asan tests/run

torture: test-deps ## every allocation of every command refused in turn, with sanitizers too (make check tries a few)
	@$(MAKE) --no-print-directory units all
	@TORTURE=all BUILD=$(BUILD) tests/torture
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS="-O1 -g $(SANITIZERS)" all units
	@TORTURE=some BUILD=$(BUILD)/asan tests/torture

# As a library that is loaded when a test begins: a change is compiled, and nothing linked but that.
MUTANTS := $(BUILD)/mutants
MUTANTS_CFLAGS := -O1 -g0 -fPIC
mutants: export COMPILE = $(CC) $(ALL_CFLAGS) -I$(MUTANTS) $(MUTANTS_CFLAGS)
mutants: export LIBRARIES = $(ALL_LIBS)
mutants: export SOURCES = $(LIBRARY_SOURCES)
mutants: export UNITS = $(UNIT_SOURCES)
mutants: test-deps ## small changes to the code, each of which a test must notice (SWEEP=sample: a few of them)
	@$(MAKE) --no-print-directory BUILD=$(MUTANTS) LIBRARY=$(MUTANTS)/libsioscope.so CFLAGS="$(MUTANTS_CFLAGS)" mutants-base
	@BUILD=$(MUTANTS) tests/mutants/run "$(ONLY)"

.PHONY: mutants mutants-base
mutants-base: all $(UNIT_TESTS) $(TOOLS)

# What tells libFuzzer where an input went, in the program, not in the targets. For long runs
# -fsanitize-coverage=inline-8bit-counters,pc-table is twice as fast: it does not look at what is compared.
FUZZ_COVERAGE ?= -fsanitize=fuzzer-no-link
$(BUILD)/src/%.o: ALL_CFLAGS += $(COVERAGE)

FUZZ_SECONDS ?= 60
fuzz: fuzz-deps ## run every libFuzzer target for FUZZ_SECONDS (default 60; needs clang)
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang \
	    CFLAGS="-O2 -g $(SANITIZERS)" COVERAGE="$(FUZZ_COVERAGE)" fuzz-targets
	@FUZZ_SECONDS=$(FUZZ_SECONDS) BUILD=$(BUILD)/fuzz tests/fuzz/run

fuzz-seeds: fuzz-deps ## make the fuzz targets' seeds anew, from captures/ and the folders in CAPTURES
	@$(MAKE) --no-print-directory $(BUILD)/tests/tools/seeds
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang \
	    CFLAGS="-O2 -g $(SANITIZERS)" COVERAGE="$(FUZZ_COVERAGE)" fuzz-targets
	@BUILD=$(BUILD) tests/fuzz/seeds $(CAPTURES)

FUZZ_PARTS := tests/fuzz/capture_format.c tests/fuzz/capture_mutator.c
FUZZ_TARGETS := $(patsubst %.c,$(BUILD)/%,$(filter-out $(FUZZ_PARTS),$(sort $(wildcard tests/fuzz/*.c))))
.PHONY: fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)

$(BUILD)/tests/fuzz/capture: $(FUZZ_PARTS:%.c=$(BUILD)/%.o)

$(FUZZ_TARGETS): %: %.o $(LIBRARY)
	$(SAY) LINK $@
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LIBRARY) $(ALL_LIBS)

bench: build-deps ## measure against the floor and tshark, on a large input made here
	@$(MAKE) --no-print-directory all $(TOOLS)
	@BUILD=$(BUILD) tests/bench/run

bench-large: build-deps ## how time and memory go with the size: up to 4 GB, 100,000 sessions, a million events
	@$(MAKE) --no-print-directory all $(TOOLS)
	@BUILD=$(BUILD) tests/bench/large

bench-probe: build-deps ## measure what it costs a real server to be watched, beside tcpdump (as root)
	@tests/tools/install-missing live
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/bench/probe

coverage: test-deps ## how many lines the tests run, by file; fails when a core room has less than 90 %
	@tests/tools/install-missing coverage
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage CC=gcc CFLAGS="-O0 -g --coverage -DSIOSCOPE_UNCONFINED" all units
	@find $(BUILD)/coverage -name '*.gcda' -delete
	@BUILD=$(BUILD)/coverage tests/run
	@BUILD=$(BUILD)/coverage tests/tools/coverage

valgrind: test-deps ## the unit tests and the commands, on captures whole and broken, under valgrind
	@tests/tools/install-missing valgrind
	@$(MAKE) --no-print-directory all units
	@BUILD=$(BUILD) tests/valgrind

# Objects alone: what they would be linked with is here for this machine's processor and C library. Of the libraries only
# the headers are read, after the other compiler's own.
BORROWED = -idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -print-multiarch)
MACOS := $(BUILD)/macos
AS_ON_MAC := SYSTEM=Darwin BREW= BPF=no CURL=yes PACKAGE_CFLAGS=
cross: build-deps ## compile all for arm64 and with musl, and what needs no Linux for macOS; not linked, not run
	@tests/tools/install-missing cross
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/arm64 CC=aarch64-linux-gnu-gcc CFLAGS="-O2 -g $(BORROWED)" \
	    BPF_MACHINE=arm64 objects
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/musl CC=musl-gcc CFLAGS="-O2 -g $(BORROWED)" objects
	@tests/tools/macos-compiler $(MACOS)
	@$(MAKE) --no-print-directory BUILD=$(MACOS)/aarch64 CC="$(MACOS)/cc aarch64" $(AS_ON_MAC) objects
	@$(MAKE) --no-print-directory BUILD=$(MACOS)/x86_64 CC="$(MACOS)/cc x86_64" $(AS_ON_MAC) objects

.PHONY: objects
objects: $(OBJECTS)
	@echo "$(BUILD): $(words $(OBJECTS)) files compiled, not linked, not run"

lint: test-deps ## clang-tidy, cppcheck, shellcheck, the format, and both compilers' warnings
	@tests/tools/install-missing lint
	@tests/tools/lint

format: ## put the sources in the one format
	clang-format -i $(wildcard src/*/*.[ch] tests/*/*.[ch] bpf/*.[ch])

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 20

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d) $(TOOLS:=.d) $(FUZZ_TARGETS:=.d)

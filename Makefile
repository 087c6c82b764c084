# SPDX-License-Identifier: GPL-2.0-only
# rill.ko: sockets straight over Ethernet. `make help` tells the targets.

KDIR ?= /lib/modules/$(shell uname -r)/build
DESTDIR ?=
PREFIX ?= /usr

# Passed on to the scripts, which document them.
export RILL_MODULE_SRC KERNEL KERNELS TESTS SHARE RUN TIMEOUT SMP MEM ICOUNT LOGDIR APPEND \
	FUZZ_TIME

all: module

help:
	@echo 'make [module]          build rill.ko for the running kernel (KDIR=dir: another)'
	@echo 'make module KERNEL=k   build it in the root of k: 6.1, 6.12, 7.2, debug'
	@echo "make vm KERNEL=k [SHARE=dir] [RUN='command']   boot a guest, run the command or a shell"
	@echo 'make check             everything, on every kernel'
	@echo '  KERNELS="6.12 debug" TESTS="connect*"        only these kernels and test programs'
	@echo 'make style             the static checks only'
	@echo 'make unit              the unit tests of pure code, here'
	@echo 'make fuzz [FUZZ_TIME=s] fuzz the pure code, here; 60 s in all by default'
	@echo 'make demo              a guest in which a file goes over AF_RILL'
	@echo 'make bench             measure in a guest'
	@echo 'make install-headers [DESTDIR=dir] [PREFIX=/usr]'
	@echo 'make dkms-install      build and install by DKMS on this machine'
	@echo 'make clean             remove what was built; make clean-cache: the guests too'

module:
ifeq ($(KERNEL),)
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules
else
	@tools/module.sh $(KERNEL)
endif

vm:
	@tools/vm/vm.sh

check:
	@tools/check/check.sh

style:
	@tools/check/style.sh

unit:
	@tools/check/unit.sh

fuzz:
	@tools/check/fuzz.sh

demo:
	@tools/demo.sh

bench:
	@tools/bench.sh

install-headers:
	install -D -m 644 uapi/linux/rill.h $(DESTDIR)$(PREFIX)/include/linux/rill.h

dkms-install:
	tools/dkms-install.sh $(DKMS_KERNEL)

clean:
	rm -f rill.ko rill.mod rill.mod.c rill.mod.o rill.o .rill.*.cmd \
		Module.symvers modules.order .Module.symvers.cmd .modules.order.cmd
	[ ! -d module ] || find module -name '*.o' -delete -o -name '.*.cmd' -delete \
		-o -name '*.gc??' -delete
	[ ! -e selftests/Makefile ] || git clean -qfdX selftests tests

clean-cache:
	tools/clean-cache.sh

.PHONY: all help module vm check style unit fuzz demo bench install-headers \
	dkms-install clean clean-cache

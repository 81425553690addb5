# SPDX-License-Identifier: MIT
# A thin front to the presets of CMakePresets.json, for the things one does every day.

PREFIX ?= /usr/local
PRESET ?= release

.PHONY: build setup test demo bench fuzz format report-template lint install clean help

build: ## build the library and the command into build/$(PRESET)
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)

setup: ## install what the build and the tests need (Debian and its kin)
	scripts/setup

test: setup ## build with warnings as errors and run every test
	cmake --preset dev
	cmake --build --preset dev
	ctest --preset dev

demo: setup ## measure an example, jq and sqlite3
	$(MAKE) build
	scripts/demo build/$(PRESET)

bench: setup ## what measuring costs, beside the plain run
	$(MAKE) build
	cmake --build --preset $(PRESET) --target bench

fuzz: setup ## damaged files by libFuzzer, for FUZZ_SECONDS, 600 by default
	cmake --preset dev-clang
	cmake --build --preset dev-clang --target fuzz_reader fuzz_profiles
	scripts/fuzz build/dev-clang/tests/fuzz/fuzz_reader corpus
	scripts/fuzz build/dev-clang/tests/fuzz/fuzz_profiles profiles

format: ## rewrite the sources as .clang-format says
	scripts/lint --fix

report-template: ## build web/report.html, the page of the HTML report, from web/src
	npm --prefix web ci
	npm --prefix web run build

lint: ## formatter, static analysis, shell scripts and man pages
	cmake --preset dev
	scripts/lint build/dev

install: ## install below PREFIX, /usr/local by default; DESTDIR is honoured
	cmake --preset $(PRESET) -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	cmake --build --preset $(PRESET)
	cmake --install build/$(PRESET)

clean: ## remove everything that was built
	rm -rf build

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1\t/p' Makefile | sed 's/$$(PRESET)/$(PRESET)/' | expand -t 18

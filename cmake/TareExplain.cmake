# SPDX-License-Identifier: MIT
# What makes figures and places in the source of a store. The command stands on it, and tests stand on it by itself,
# also under sanitizers.

tare_folder(tare_explain explain
  SOURCES
    expectation.c origins.c origins_sites.c origins_stacks.c pattern.c process.c recording.c records.c refusal.c
    running.c snapshot.c statistic.c strings.c suppression.c table.c view.c
  USES layout text)
set_target_properties(tare_explain PROPERTIES EXCLUDE_FROM_ALL ON)

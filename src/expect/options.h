/* SPDX-License-Identifier: MIT */
#ifndef TARE__OPTIONS_H
#define TARE__OPTIONS_H

#include <tare/tare.h>

/* The options of a scope that a measurement or an expectation carries. */
#define TARE__COPY_OPTION(type, name, initially, text) .name = from_->name,
#define TARE__OPTIONS_OF(what)                                                                                         \
    __extension__({                                                                                                    \
        __auto_type from_ = (what);                                                                                    \
        (tare_options){TARE_OPTIONS(TARE__COPY_OPTION)};                                                               \
    })

#endif

// SPDX-License-Identifier: MIT
#include "here.h"

namespace shapes {

template <typename Value> struct Box {
    ALONE explicit Box(Value value) : kept(value)
    {
        here("constructor"); // @constructor
        STAY;
    }
    ALONE ~Box()
    {
        here("destructor"); // @destructor
        STAY;
    }
    template <typename Other> INLINED bool is_more_than(const Other &other) const
    {
        here("method"); // @method
        STAY;
        return kept > other;
    }
    ALONE Box &operator+=(int more)
    {
        is_more_than(2L); // @operator
        kept += more;
        return *this;
    }
    Value kept;
};

template <typename Callable> ALONE void apply(Callable callable)
{
    callable(); // @apply
    STAY;
}

} // namespace shapes

namespace {
ALONE void hidden(const char *name, double)
{
    here(name); // @hidden
    STAY;
}
} // namespace

struct Base {
    virtual ~Base() = default;
    virtual void shout() = 0;
};

struct Derived : Base {
    ALONE void shout() override
    {
        hidden("virtual", 1.0); // @shout
        STAY;
    }
};

ALONE static void on_base(Base &base)
{
    base.shout(); // @on-base
    STAY;
}

int main()
{
    {
        shapes::Box<int> box(1); // @main-constructor
        box += 1;                // @main-operator
    }                            // @main-destructor
    auto lambda = []() __attribute__((always_inline))
    {
        hidden("lambda", 2.0); // @lambda
        STAY;
    };
    shapes::apply(lambda); // @main-apply
    Derived derived;
    on_base(derived); // @main-base
    return 0;
}

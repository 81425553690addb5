/* SPDX-License-Identifier: MIT */
#ifndef TARE_ASYNC_COROUTINE_HPP
#define TARE_ASYNC_COROUTINE_HPP

/*
 * Tasks in C++20 coroutines. A coroutine may go on on another thread each time it
 * was suspended; a task is entered by a thread, and has to be left by the same.
 * What stands here leaves it before each suspension and enters it again after
 * that, wherever that is. So each coroutine is measured apart, however many take
 * turns on however many threads.
 *
 * For coroutines whose promise type is one's own, the whole of each:
 *
 *     struct promise_type : tare::task_promise { ... };
 *
 *     job fetch(tare_scope *task, const char *what)     its task is its first tare_scope *
 *     {
 *         auto reply = co_await request(what);
 *     }
 *
 * For any coroutine, from the guard to the end of its block:
 *
 *     tare::task_guard inside(task);
 *     auto reply = co_await inside.keep(request(what));
 *
 * Each co_await in between has to be so. Without a guard, tare::keep(task, ...)
 * does it between tare_task_enter() and tare_task_leave(). Blocks of
 * tare_in_task(), tare_measure() and tare_expect() must not have a co_await in
 * them: they belong to one thread.
 *
 * Not counted, because the thread is not inside: the coroutine's frame, which is
 * made before it runs and freed after; what an awaitable does to arrange for the
 * resumption; and the destructors of a coroutine that is destroyed while it is
 * suspended. To count any of that, have its thread inside the task then.
 */

#include <tare/tare.h>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace tare {

namespace detail {

/* What co_await makes of its operand. */
template <class Awaitable> decltype(auto) awaiter_of(Awaitable &&awaitable)
{
    if constexpr (requires { static_cast<Awaitable &&>(awaitable).operator co_await(); })
        return static_cast<Awaitable &&>(awaitable).operator co_await();
    else if constexpr (requires { operator co_await(static_cast<Awaitable &&>(awaitable)); })
        return operator co_await(static_cast<Awaitable &&>(awaitable));
    else
        return static_cast<Awaitable &&>(awaitable);
}

/* A task that some thread entered by hand. */
struct entered_by_hand {
    tare_scope *task;
    void enter() const { tare_task_enter(task); }
    void leave() const { tare_task_leave(task); }
};

/* Awaits what another awaiter does, outside the task. Once that has been told of
 * the suspension, the coroutine may be running elsewhere, or be gone with all
 * that is in its frame: nothing of it is touched any more. */
template <class Awaiter, class Keeper> class [[nodiscard("co_await it")]] kept
{
  public:
    template <class Awaitable>
    kept(Keeper keeper, Awaitable && awaitable)
        : keeper_(static_cast<Keeper &&>(keeper)), awaiter_(awaiter_of(static_cast<Awaitable &&>(awaitable)))
    {
    }
    kept(const kept &) = delete;
    kept &operator=(const kept &) = delete;

    bool await_ready()
    {
        return static_cast<bool>(awaiter_.await_ready());
    }

    template <class Promise> auto await_suspend(std::coroutine_handle<Promise> coroutine)
    {
        keeper_.leave();
        left_ = true;
        try {
            return awaiter_.await_suspend(coroutine);
        } catch (...) { /* it goes on at once, and not by await_resume() */
            keeper_.enter();
            throw;
        }
    }

    decltype(auto) await_resume()
    {
        if (left_)
            keeper_.enter();
        return awaiter_.await_resume();
    }

  private:
    Keeper keeper_;
    Awaiter awaiter_;
    bool left_ = false;
};

template <class Awaitable, class Keeper> using kept_of = kept<decltype(awaiter_of(std::declval<Awaitable>())), Keeper>;

} // namespace detail

/* co_await tare::keep(task, awaitable): the calling thread is inside the task, and
 * the one that goes on is so again. The result is that of co_await awaitable. To
 * be awaited where it stands: it may refer to the awaitable. */
template <class Awaitable> auto keep(tare_scope *task, Awaitable &&awaitable)
{
    using kept = detail::kept_of<Awaitable &&, detail::entered_by_hand>;
    return kept(detail::entered_by_hand{task}, static_cast<Awaitable &&>(awaitable));
}

/*
 * Enters a task, and leaves it when destroyed. In a coroutine it lives across
 * suspensions that go through its keep(), and knows that its thread is not
 * inside meanwhile, so the coroutine may be destroyed then.
 */
class task_guard {
  public:
    explicit task_guard(tare_scope *task, bool enters = true) : task_(task)
    {
        if (enters)
            enter();
    }
    task_guard(const task_guard &) = delete;
    task_guard &operator=(const task_guard &) = delete;
    ~task_guard() { leave(); }

    tare_scope *task() const { return task_; }
    bool inside() const { return inside_; }

    /* Each does nothing where the thread is inside already, or outside. */
    void enter()
    {
        if (!inside_)
            inside_ = tare_task_enter(task_) == 0;
    }
    void leave()
    {
        if (std::exchange(inside_, false))
            tare_task_leave(task_);
    }

    template <class Awaitable> auto keep(Awaitable &&awaitable)
    {
        return detail::kept_of<Awaitable &&, task_guard &>(*this, static_cast<Awaitable &&>(awaitable));
    }

  private:
    tare_scope *task_;
    bool inside_ = false;
};

namespace detail {

/* The first suspension: whatever resumes the coroutine begins it inside. */
template <class Awaiter> class [[nodiscard]] begun {
  public:
    begun(task_guard &inside, Awaiter awaiter) : inside_(inside), awaiter_(std::move(awaiter)) {}
    bool await_ready() { return awaiter_.await_ready(); }
    template <class Promise> auto await_suspend(std::coroutine_handle<Promise> coroutine)
    {
        return awaiter_.await_suspend(coroutine);
    }
    void await_resume()
    {
        inside_.enter();
        awaiter_.await_resume();
    }

  private:
    task_guard &inside_;
    Awaiter awaiter_;
};

/* The last: the coroutine is over, and its thread no longer inside. */
template <class Awaiter> class [[nodiscard]] ended {
  public:
    ended(task_guard &inside, Awaiter awaiter) noexcept : inside_(inside), awaiter_(std::move(awaiter)) {}
    bool await_ready() noexcept
    {
        inside_.leave();
        return awaiter_.await_ready();
    }
    template <class Promise> auto await_suspend(std::coroutine_handle<Promise> coroutine) noexcept
    {
        return awaiter_.await_suspend(coroutine);
    }
    void await_resume() noexcept { awaiter_.await_resume(); }

  private:
    task_guard &inside_;
    Awaiter awaiter_;
};

template <class First, class... Rest> tare_scope *first_task(First &first, Rest &...rest)
{
    if constexpr (std::is_same_v<std::remove_cv_t<First>, tare_scope *>)
        return first;
    else
        return first_task(rest...);
}

} // namespace detail

/*
 * Base of a promise type. The coroutine's thread is inside its task while it runs,
 * from its first statement to its last, its variables' destructors and
 * return_value() or unhandled_exception() included. The task is the first
 * tare_scope * among the coroutine's parameters; in the promise type:
 *
 *     using tare::task_promise::task_promise;
 *
 * It is suspended at its beginning and at its end, and these can be replaced by
 *
 *     auto initial_suspend() { return begin(std::suspend_never()); }
 *     auto final_suspend() noexcept { return end(resume_whoever_awaits()); }
 *
 * A yield_value() returns keep(...), and an await_transform() too. An
 * unhandled_exception() that throws calls leave() before.
 */
class task_promise {
  public:
    template <class... Arguments>
    explicit task_promise(Arguments &...arguments) : inside_(detail::first_task(arguments...), false)
    {
        static_assert((std::is_same_v<std::remove_cv_t<Arguments>, tare_scope *> || ...),
                      "one parameter of the coroutine must be a tare_scope *");
    }

  protected:
    template <class Awaiter> auto begin(Awaiter awaiter) { return detail::begun<Awaiter>(inside_, std::move(awaiter)); }
    template <class Awaiter> auto end(Awaiter awaiter) noexcept
    {
        return detail::ended<Awaiter>(inside_, std::move(awaiter));
    }
    template <class Awaitable> auto keep(Awaitable &&awaitable)
    {
        return inside_.keep(static_cast<Awaitable &&>(awaitable));
    }
    void leave() { inside_.leave(); }

  public:
    tare_scope *task() const { return inside_.task(); }
    auto initial_suspend() { return begin(std::suspend_always()); }
    auto final_suspend() noexcept { return end(std::suspend_always()); }
    template <class Awaitable> auto await_transform(Awaitable &&awaitable)
    {
        return keep(static_cast<Awaitable &&>(awaitable));
    }

  private:
    task_guard inside_;
};

} // namespace tare

#endif

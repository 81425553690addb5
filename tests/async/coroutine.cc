// SPDX-License-Identifier: MIT
// Coroutines that hop between threads, each measured apart.
#include <tare/async/coroutine.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>

#include "check.h"

namespace {

/* ---- A scheduler --------------------------------------------------------------- */

/* A thread that resumes what it is given, in order. */
class worker {
  public:
    worker() : thread_([this] { run(); }) {}
    ~worker()
    {
        post(nullptr);
        thread_.join();
    }
    void post(std::coroutine_handle<> coroutine)
    {
        std::lock_guard lock(mutex_);
        queue_.push_back(coroutine); // allocates, for nobody's account
        posted_.notify_one();
    }
    // By the system: clang takes std::this_thread::get_id() for the same before and after a suspension.
    bool is_here() const { return gettid() == id_; }

  private:
    void run()
    {
        id_ = gettid();
        while (std::coroutine_handle<> coroutine = next())
            coroutine.resume();
    }
    std::coroutine_handle<> next()
    {
        std::unique_lock lock(mutex_);
        posted_.wait(lock, [this] { return !queue_.empty(); });
        std::coroutine_handle<> coroutine = queue_.front();
        queue_.pop_front();
        return coroutine;
    }

    std::atomic<pid_t> id_{0};
    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::coroutine_handle<>> queue_;
    std::thread thread_;
};

/* co_await hop{worker}: goes on there. */
struct hop {
    worker &to;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) const { to.post(coroutine); }
    void await_resume() const { CHECK(to.is_here()); }
};

/* ---- A coroutine type ------------------------------------------------------------ */

/* Started by start(); wait() returns when it is over, whichever thread it ended on. */
class job {
  public:
    struct promise_type;
    using handle = std::coroutine_handle<promise_type>;

    struct tell {
        bool await_ready() noexcept { return false; }
        void await_suspend(handle coroutine) noexcept { coroutine.promise().over.release(); }
        void await_resume() noexcept {}
    };

    struct promise_type : tare::task_promise {
        using tare::task_promise::task_promise;
        job get_return_object() { return job(handle::from_promise(*this)); }
        auto final_suspend() noexcept { return end(tell()); }
        void return_void() {}
        void unhandled_exception() { thrown = std::current_exception(); }

        std::binary_semaphore over{0};
        std::exception_ptr thrown;
    };

    explicit job(handle coroutine) : coroutine_(coroutine) {}
    job(job &&other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    ~job()
    {
        if (coroutine_)
            coroutine_.destroy();
    }
    void start(worker &first) { first.post(coroutine_); }
    void resume() { coroutine_.resume(); }
    void wait() { coroutine_.promise().over.acquire(); }
    std::exception_ptr thrown() const { return coroutine_.promise().thrown; }

  private:
    handle coroutine_;
};

/* What a test measures with: a task that is closed when asked for its figures. */
class task {
  public:
    operator tare_scope *() const { return scope_; }
    tare_stats close()
    {
        tare_stats stats;
        CHECK_EQUAL(tare_close(scope_, &stats), 0);
        CHECK_EQUAL(stats.inexact, 0);
        return stats;
    }

  private:
    tare_scope *scope_ = tare_open(.name = "coroutine", .domain = TARE_TASK);
};

void check(const tare_stats &stats, uint64_t allocations, uint64_t deallocations, uint64_t bytes)
{
    CHECK_EQUAL(stats.allocations, allocations);
    CHECK_EQUAL(stats.deallocations, deallocations);
    CHECK_EQUAL(stats.bytes_allocated, bytes);
}

/* Is the calling thread inside any task that would count this? */
void allocate_for_nobody()
{
    free(malloc(1 << 20));
}

/* ---- Interleaved -------------------------------------------------------------------- */

constexpr int rounds = 200;

job hopping(tare_scope *, worker &here, worker &there, size_t size)
{
    void *block = malloc(size);
    for (int i = 0; i < rounds; i++) {
        co_await hop{there};
        block = realloc(block, 2 * size);
        free(malloc(size));
        co_await hop{here};
        block = realloc(block, size);
    }
    free(block);
}

/* Eight at a time on two threads, each crossing from one to the other 400 times. */
void interleaved()
{
    worker one, other;
    std::deque<task> tasks(8);
    std::deque<job> jobs;
    for (size_t i = 0; i < tasks.size(); i++)
        jobs.push_back(hopping(tasks[i], i % 2 ? one : other, i % 2 ? other : one, 100 * (i + 1)));
    for (size_t i = 0; i < jobs.size(); i++)
        jobs[i].start(i % 2 ? one : other);
    for (size_t i = 0; i < jobs.size(); i++) {
        uint64_t size = 100 * (i + 1);
        jobs[i].wait();
        tare_stats stats = tasks[i].close();
        check(stats, rounds + 1, rounds + 1, size + rounds * 2 * size);
        CHECK_EQUAL(stats.reallocations, 2 * rounds);
        CHECK_EQUAL(stats.bytes_reallocated, 0);
        CHECK_EQUAL(stats.peak_bytes, 3 * size);
        CHECK_EQUAL(stats.leaked_allocations, 0);
    }
}

/* ---- Every form of awaiter -------------------------------------------------------------- */

/* All of it happens outside the task. */
struct ready {
    bool await_ready() const { return true; }
    void await_suspend(std::coroutine_handle<>) const { abort(); }
    int await_resume() const { return 1; }
};

template <bool suspends> struct perhaps {
    worker &to;
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> coroutine) const
    {
        allocate_for_nobody();
        if constexpr (suspends)
            to.post(coroutine);
        return suspends;
    }
    int await_resume() const { return 2; }
};

struct transfers {
    bool await_ready() const { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> coroutine) const
    {
        allocate_for_nobody();
        return coroutine;
    }
    int await_resume() const { return 3; }
};

struct refuses {
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<>) const
    {
        allocate_for_nobody();
        throw 4;
    }
    void await_resume() const { abort(); }
};

struct fails {
    worker &to;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) const { to.post(coroutine); }
    void await_resume() const { throw 5; }
};

struct by_member {
    worker &to;
    perhaps<true> operator co_await() const { return {to}; }
};

struct by_function {
    worker &to;
};
perhaps<true> operator co_await(const by_function &how)
{
    return {how.to};
}

/* Neither to be copied nor to be moved. */
struct immovable {
    explicit immovable(worker &where) : to(where) {}
    immovable(const immovable &) = delete;
    immovable &operator=(const immovable &) = delete;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) const { to.post(coroutine); }
    std::unique_ptr<int> await_resume() { return std::move(result); }

    worker &to;
    std::unique_ptr<int> result;
};

struct makes_immovable {
    worker &to;
    immovable operator co_await() const { return immovable(to); }
};

struct refers {
    int &to;
    bool await_ready() const { return true; }
    void await_suspend(std::coroutine_handle<>) const {}
    int &await_resume() const { return to; }
};

job all_forms(tare_scope *, worker &there, int &referred)
{
    CHECK_EQUAL(co_await ready(), 1);
    CHECK_EQUAL(co_await perhaps<true>{there}, 2);
    CHECK(there.is_here());
    free(malloc(1));
    CHECK_EQUAL(co_await perhaps<false>{there}, 2);
    free(malloc(1));
    CHECK_EQUAL(co_await transfers(), 3);
    free(malloc(1));
    CHECK_EQUAL(co_await by_member{there}, 2);
    CHECK_EQUAL(co_await by_function{there}, 2);
    free(malloc(1));

    perhaps<true> variable{there};
    CHECK_EQUAL(co_await variable, 2);
    CHECK_EQUAL(co_await std::move(variable), 2);
    immovable other(there);
    other.result = std::make_unique<int>(6);
    std::unique_ptr<int> moved = co_await other;
    CHECK_EQUAL(*moved, 6);
    CHECK(co_await immovable(there) == nullptr);
    CHECK(co_await makes_immovable{there} == nullptr);
    int &reference = co_await refers{referred};
    CHECK(&reference == &referred);
    free(malloc(1));
}

/* Thrown ints: what the C++ library allocates for each is counted, since it is
 * thrown inside the task, or caught there. */
job exceptions_caught(tare_scope *, worker &there)
{
    try {
        co_await refuses();
    } catch (int thrown) {
        CHECK_EQUAL(thrown, 4);
        free(malloc(10));
    }
    try {
        co_await fails{there};
    } catch (int thrown) {
        CHECK_EQUAL(thrown, 5);
        CHECK(there.is_here());
        free(malloc(100));
    }
}

void forms()
{
    worker one, other;
    int referred = 0;
    task of_forms;
    job forms = all_forms(of_forms, other, referred);
    forms.start(one);
    forms.wait();
    check(of_forms.close(), 6, 6, 5 + sizeof(int)); // five by malloc, and the unique_ptr's

    task of_exceptions;
    job exceptions = exceptions_caught(of_exceptions, other);
    exceptions.start(one);
    exceptions.wait();
    tare_stats stats = of_exceptions.close();
    CHECK_EQUAL(stats.allocations, 3); // the two blocks and the second exception; the first was made outside
    CHECK_EQUAL(stats.deallocations, 4);
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

/* ---- Ends --------------------------------------------------------------------------------- */

job throwing(tare_scope *, worker &there)
{
    std::unique_ptr<char[]> block(new char[50]);
    co_await hop{there};
    throw 7;
}

/* An exception ends it on the other thread, which is outside afterwards. */
void thrown_through()
{
    worker one, other;
    task measured;
    {
        job thrower = throwing(measured, other);
        thrower.start(one);
        thrower.wait();
        try {
            std::rethrow_exception(thrower.thrown());
        } catch (int seven) {
            CHECK_EQUAL(seven, 7);
        }
    }
    tare_stats stats = measured.close();
    CHECK_EQUAL(stats.allocations, 2); // the block and the exception
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.leaked_allocations, 0); // the exception was freed, by nobody's account
}

struct never {
    std::binary_semaphore &suspended;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<>) const { suspended.release(); }
    void await_resume() const {}
};

job abandoned(tare_scope *, worker &there, std::binary_semaphore &suspended)
{
    std::unique_ptr<char[]> block(new char[50]);
    co_await hop{there};
    block.reset(new char[60]);
    co_await never{suspended};
}

/* Destroyed while suspended, on a thread that is not inside, or is. */
void destroyed()
{
    worker one, other;
    std::binary_semaphore suspended{0};
    for (bool counted : {false, true}) {
        task measured;
        {
            auto left = std::make_unique<job>(abandoned(measured, other, suspended));
            left->start(one);
            suspended.acquire();
            if (counted) {
                tare::task_guard inside(measured);
                left.reset();
            }
        }
        tare_stats stats = measured.close();
        CHECK_EQUAL(stats.allocations, 2);
        CHECK_EQUAL(stats.bytes_allocated, 110);
        CHECK_EQUAL(stats.deallocations, counted ? 4 : 1); // the block, the frame and the job, or neither
        CHECK_EQUAL(stats.leaked_allocations, 0);
    }
    task unused;
    abandoned(unused, other, suspended); // never begun
    check(unused.close(), 0, 0, 0);
}

/* ---- With a promise of somebody else's --------------------------------------------------------- */

struct plain {
    struct promise_type {
        plain get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_never initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
    std::coroutine_handle<promise_type> coroutine;
};

plain guarded(tare_scope *measured, worker &one, worker &other, std::binary_semaphore &done)
{
    {
        tare::task_guard inside(measured);
        std::unique_ptr<char[]> block(new char[10]);
        for (int i = 0; i < rounds; i++) {
            co_await inside.keep(hop{i % 2 ? one : other});
            block.reset(new char[10]);
        }
    }
    allocate_for_nobody();
    done.release();
}

plain by_hand(tare_scope *measured, worker &other, std::binary_semaphore &done)
{
    CHECK_EQUAL(tare_task_enter(measured), 0);
    free(malloc(10));
    co_await tare::keep(measured, hop{other});
    free(malloc(20));
    CHECK_EQUAL(co_await tare::keep(measured, ready()), 1);
    CHECK_EQUAL(tare_task_leave(measured), 0);
    allocate_for_nobody();
    done.release();
}

plain guarded_for_ever(tare_scope *measured, std::binary_semaphore &suspended)
{
    tare::task_guard inside(measured);
    std::unique_ptr<char[]> block(new char[10]);
    co_await inside.keep(never{suspended});
}

void other_promises()
{
    std::binary_semaphore done{0};
    plain coroutines[3];
    {
        worker one, other;
        task measured;
        coroutines[0] = guarded(measured, one, other, done);
        done.acquire();
        check(measured.close(), rounds + 1, rounds + 1, 10 * (rounds + 1));

        task hand;
        coroutines[1] = by_hand(hand, other, done);
        done.acquire();
        check(hand.close(), 2, 2, 30);

        task for_ever;
        coroutines[2] = guarded_for_ever(for_ever, done);
        done.acquire();
        allocate_for_nobody();
        check(for_ever.close(), 1, 0, 10);
    } // the workers are back from resuming them
    for (plain &each : coroutines)
        each.coroutine.destroy();
}

/* ---- One awaits another, each with a task of its own ---------------------------------------------- */

class child {
  public:
    struct promise_type;
    using handle = std::coroutine_handle<promise_type>;

    struct go_back {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(handle coroutine) noexcept { return coroutine.promise().parent; }
        void await_resume() noexcept {}
    };

    struct promise_type : tare::task_promise {
        using tare::task_promise::task_promise;
        child get_return_object() { return child(handle::from_promise(*this)); }
        auto final_suspend() noexcept { return end(go_back()); }
        void return_value(std::unique_ptr<int> value) { result = std::move(value); }
        void unhandled_exception() { std::terminate(); }

        std::unique_ptr<int> result;
        std::coroutine_handle<> parent;
    };

    explicit child(handle coroutine) : coroutine_(coroutine) {}
    child(child &&other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    ~child()
    {
        if (coroutine_)
            coroutine_.destroy();
    }

    bool await_ready() const { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent)
    {
        coroutine_.promise().parent = parent;
        return coroutine_;
    }
    std::unique_ptr<int> await_resume() { return std::move(coroutine_.promise().result); }

  private:
    handle coroutine_;
};

child make_number(tare_scope *, worker &there)
{
    co_await hop{there};
    free(malloc(1000));
    co_return std::make_unique<int>(8);
}

job ask_for_number(tare_scope *, tare_scope *childs, worker &there, tare_stats &frame)
{
    free(malloc(10));
    tare_scope *scope = tare_open(); // of this thread
    child asked = make_number(childs, there);
    tare_close(scope, &frame);
    std::unique_ptr<int> number = co_await asked;
    CHECK(there.is_here());
    CHECK_EQUAL(*number, 8);
}

void parent_and_child()
{
    worker one, other;
    task parents, childs;
    tare_stats frame; // of the child: nothing where clang has put it into the parent's
    job parent = ask_for_number(parents, childs, other, frame);
    parent.start(one);
    parent.wait();
    check(childs.close(), 2, 1, 1000 + sizeof(int)); // the number is the parent's to free
    check(parents.close(), 1 + frame.allocations, 2 + frame.allocations, 10 + frame.bytes_allocated);
}

} // namespace

int main()
{
    interleaved();
    forms();
    thrown_through();
    destroyed();
    other_promises();
    parent_and_child();
    return 0;
}

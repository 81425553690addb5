// SPDX-License-Identifier: MIT
// Call stacks of more than 100 frames, of functions whose names have more than 200 characters.
#include <map>
#include <memory>
#include <string>
#include <vector>

#define APART __attribute__((noinline))

namespace application {
namespace configuration {
template <typename Element, typename Value, typename Keeper> struct registry_of_everything {
    std::map<std::string, std::vector<std::shared_ptr<Element>>> things;

    APART void insert_or_replace_an_element(const std::string &name, int depth)
    {
        if (depth > 0)
            insert_and_go_on_with_the_next(name, depth);
        else
            things[name].push_back(std::make_shared<Element>());
        asm volatile("" ::: "memory"); // no tail call
    }

    APART void insert_and_go_on_with_the_next(const std::string &name, int depth)
    {
        things[name + std::to_string(depth)].resize(3);
        insert_or_replace_an_element(name, depth - 1);
        asm volatile("" ::: "memory");
    }
};

struct element {
    char data[200];
};
} // namespace configuration
} // namespace application

int main()
{
    using namespace application::configuration;
    using by_name = std::map<std::string, std::vector<std::pair<int, std::string>>>;
    registry_of_everything<element, by_name, std::unique_ptr<element>> elements;
    registry_of_everything<std::string, std::vector<element>, std::map<int, by_name>> texts;
    for (int i = 0; i < 20; i++) {
        elements.insert_or_replace_an_element("a name that is long enough for a block of its own", 60);
        texts.insert_or_replace_an_element("another", i);
    }
}

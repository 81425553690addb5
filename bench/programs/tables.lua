-- SPDX-License-Identifier: MIT
-- Many small tables and strings, most of them soon garbage: what an interpreter
-- asks of malloc.
local function words(count)
    local list = {}
    for i = 1, count do
        list[i] = { key = "word" .. (i * 7919 % count), position = i, marks = { i % 3, i % 5 } }
    end
    return list
end

local total = 0
for _ = 1, 3 do
    local list = words(40000)
    table.sort(list, function(a, b) return a.key < b.key end)
    local groups = {}
    for _, word in ipairs(list) do
        local group = word.key:sub(1, 6)
        groups[group] = groups[group] or {}
        table.insert(groups[group], word.key:upper() .. word.position)
    end
    for _, group in pairs(groups) do
        total = total + #table.concat(group, ",")
    end
end
print(total)

# SPDX-License-Identifier: MIT
# Writes the inputs of the programs that bench/run measures, the same ones each
# time: awk -v what=json|sql -f inputs.awk. The sequence is our own, because
# awk's rand() differs between awks.
function next_random(below) {
    state = (state * 1103 + 12345) % 2147483647
    return int(state / 7) % below
}

function json(    i, j, tags) {
    print "["
    for (i = 0; i < 20000; i++) {
        tags = ""
        for (j = next_random(5); j >= 0; j--)
            tags = tags "\"tag" next_random(1000) "\"" (j ? ", " : "")
        printf "%s{\"id\": %d, \"name\": \"item number %d\", \"city\": \"city%d\", \"price\": %d.%02d, \"tags\": [%s], " \
               "\"size\": {\"w\": %d, \"h\": %d}}\n", i ? "," : "", i, i, next_random(500), next_random(10000), \
               next_random(100), tags, next_random(2000), next_random(2000)
    }
    print "]"
}

function sql(    i) {
    print "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, city INTEGER, price REAL);"
    print "CREATE INDEX item_city ON item(city);"
    print "CREATE INDEX item_name ON item(name);"
    print "BEGIN;"
    for (i = 0; i < 20000; i++)
        printf "INSERT INTO item VALUES(%d, 'item number %d', %d, %d.%02d);\n", i, next_random(1000000), \
               next_random(500), next_random(10000), next_random(100)
    print "COMMIT;"
    for (i = 0; i < 500; i++) {
        printf "SELECT count(*), sum(price), max(name) FROM item WHERE city = %d;\n", i
        printf "SELECT name FROM item WHERE name LIKE 'item number %d%%' ORDER BY price LIMIT 3;\n", i
        printf "UPDATE item SET price = price + 1, name = name || '%d' WHERE city = %d;\n", i, next_random(500)
    }
    print "SELECT city, group_concat(name) FROM item GROUP BY city ORDER BY sum(price);"
}

BEGIN {
    state = 1
    if (what == "json")
        json()
    else
        sql()
}

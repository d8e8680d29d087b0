"""The limit on calls: exact over any minute, over processes, told on every answer, and forgiving without Redis."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
import redis
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from accounts.roles import Role
from core.api.rate_limit import counting, network_of
from core.api.rate_limit.counting import Count, Meanwhile, count_call

MINUTE = 60_000_000
CHECKOUT = Path(__file__).resolve().parents[3]
# What one process of four does: wait for the others, then call as fast as it can from eight threads.
PROCESS = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from core.api.rate_limit import counting
location, subject, at, calls = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
from django.conf import settings
settings.configure(CACHES={"default": {"LOCATION": location, "KEY_PREFIX": "test-processes"}})
counting.count_call(subject + "-warm", 1)
time.sleep(max(at - time.time(), 0))
with ThreadPoolExecutor(8) as pool:
    counts = list(pool.map(lambda _: counting.count_call(subject, 100), range(calls)))
print(json.dumps(sum(each.passes for each in counts)))
"""
HERE = django_settings.CACHES["default"]["LOCATION"]
_subjects = count(1)


@pytest.fixture(autouse=True)
def nothing_remembered():
    counting._pause.end()
    counting._meanwhile.forget()
    yield
    counting._pause.end()
    counting._meanwhile.forget()


@pytest.fixture
def no_redis(settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}}


def store() -> redis.Redis:
    return cache._cache.get_client(write=True)


def new_subject() -> str:
    return f"test-{time.time_ns()}-{next(_subjects)}"


def key_of(subject: str) -> str:
    return f"{django_settings.CACHES['default']['KEY_PREFIX']}:calls:{subject}"


def called(subject: str, *ages: int) -> None:
    """The subject's calls passed so many microseconds ago, the latest said first."""
    seconds, micros = store().time()
    now = seconds * 1_000_000 + micros
    if ages:
        store().rpush(key_of(subject), *(now - age for age in ages))


# The algorithm


def test_as_many_pass_as_the_limit_says_and_the_next_one_does_not():
    subject = new_subject()
    counts = [count_call(subject, 5) for _ in range(7)]
    assert [each.passes for each in counts] == [True] * 5 + [False] * 2
    assert [each.remaining for each in counts] == [4, 3, 2, 1, 0, 0, 0]
    assert {each.reset for each in counts} == {60}
    assert store().llen(key_of(subject)) == 5


def test_each_call_gives_its_place_back_a_minute_later():
    subject = new_subject()
    called(subject, 1_000_000, 30_000_000, MINUTE - 2_500_000)
    assert count_call(subject, 3) == Count(False, 3, 0, 3)
    subject = new_subject()
    called(subject, 1_000_000, 30_000_000, MINUTE)
    assert count_call(subject, 3) == Count(True, 3, 0, 30)


def test_a_refused_call_costs_nothing():
    subject = new_subject()
    called(subject, 1_000_000, 2_000_000, 3_000_000)
    before = store().lrange(key_of(subject), 0, -1)
    assert not any(count_call(subject, 3).passes for _ in range(20))
    assert store().lrange(key_of(subject), 0, -1) == before


@examples(max_examples=60, deadline=None)
@given(ages=st.lists(st.integers(0, 2 * MINUTE), max_size=12), limit=st.integers(1, 8))
def test_a_call_passes_when_fewer_than_the_limit_passed_within_the_last_minute(ages, limit):
    # Not quite on the edge: Redis' clock goes on between writing the ages and asking.
    ages = sorted(age for age in ages if not MINUTE - 1_000_000 < age < MINUTE)
    subject = new_subject()
    called(subject, *ages)
    young = [age for age in ages if age < MINUTE]
    answer = count_call(subject, limit)
    assert answer.passes is (len(young) < limit)
    assert answer.remaining == max(limit - len(young) - 1, 0)
    if not answer.passes:
        # Then as many have gone as leaves one place.
        freed = young[limit - 1]
        assert answer.reset == pytest.approx((MINUTE - freed) / 1_000_000, abs=1.1)


def test_a_clock_that_was_set_back_locks_nobody_out():
    subject = new_subject()
    called(subject, *[-3_600_000_000] * 5)
    assert count_call(subject, 5) == Count(True, 5, 4, 60)


def test_a_limit_that_was_lowered_holds_at_once_and_one_that_was_raised_too():
    subject = new_subject()
    for _ in range(6):
        count_call(subject, 6)
    assert not count_call(subject, 3).passes
    assert count_call(subject, 7) == Count(True, 7, 0, 60)


def test_what_is_counted_is_forgotten_after_a_minute():
    subject = new_subject()
    count_call(subject, 5)
    assert 59_000 < store().pttl(key_of(subject)) <= 60_000


def test_a_count_is_one_round_trip(monkeypatch):
    subject = new_subject()
    count_call(subject, 5)
    asked = []
    connection = redis.connection.AbstractConnection
    send = connection.send_packed_command
    monkeypatch.setattr(
        connection, "send_packed_command", lambda *args, **more: (asked.append(1), send(*args, **more))[1]
    )
    count_call(subject, 5)
    assert len(asked) == 1


def test_four_processes_let_exactly_the_limit_pass():
    subject, at = new_subject(), str(time.time() + 3)
    location = django_settings.CACHES["default"]["LOCATION"]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, location, subject, at, "60"],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    passed = [json.loads(process.communicate(timeout=60)[0]) for process in running]
    assert sum(passed) == 100
    assert sum(some > 0 for some in passed) > 1, "they did not call at the same time"


# Without Redis


def test_without_redis_each_process_counts_by_itself(no_redis):
    subject = new_subject()
    assert [count_call(subject, 2).passes for _ in range(3)] == [True, True, False]


def test_a_redis_that_is_gone_is_asked_once_and_then_left_alone(no_redis, monkeypatch):
    asked = []
    script = counting._script(django_settings.CACHES["default"]["LOCATION"])
    monkeypatch.setattr(
        counting, "_script", lambda location: lambda **given: (asked.append(1), script(**given))[1]
    )
    for _ in range(5):
        count_call(new_subject(), 5)
    assert len(asked) == 1


def test_redis_counts_again_when_it_is_back(no_redis, settings, monkeypatch):
    subject = new_subject()
    count_call(subject, 1)
    settings.CACHES = {"default": {**django_settings.CACHES["default"], "LOCATION": HERE}}
    assert not count_call(subject, 1).passes
    monkeypatch.setattr(counting, "PAUSE_SECONDS", 0)
    counting._pause.end()
    assert count_call(subject, 1).passes


def test_the_log_of_a_process_is_exact_too(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(counting.time, "monotonic", lambda: now[0])
    log, passed = Meanwhile(), []
    for _step in range(600):
        if log.count("one", 10).passes:
            passed.append(now[0])
        now[0] += 0.7
    most = max(sum(1 for each in passed if start <= each < start + 60) for start in passed)
    assert most == 10
    assert len(passed) >= 60


def test_a_process_remembers_no_more_than_it_has_room_for(monkeypatch):
    monkeypatch.setattr(counting, "SUBJECTS_MEANWHILE", 3)
    log = Meanwhile()
    assert log.count("first", 1).passes
    for number in range(3):
        log.count(f"other {number}", 1)
    assert log.count("first", 1).passes
    assert not log.count("other 2", 1).passes


def test_eight_threads_without_redis_let_exactly_the_limit_pass(no_redis):
    subject = new_subject()
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _number: count_call(subject, 100), range(300)))
    assert sum(each.passes for each in counts) == 100


# On calls

HEADERS = ("RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.fixture
def three_calls(settings, db):
    settings.API_CALLS_PER_MINUTE = 3


def test_every_answer_tells_how_many_are_left(three_calls, actor_for, client_for):
    client = client_for(actor_for(Role.AGENT), raise_request_exception=False)
    told = [
        [response[name] for name in HEADERS]
        for response in (
            client.get("/api/v1/leads"),
            client.get("/api/v1/nothing"),
            client.post("/api/v1/leads", "{", content_type="application/json"),
            client.get("/api/v1/leads"),
        )
    ]
    assert told == [["3;w=60", "3", left, "60"] for left in ("2", "1", "0", "0")]


def test_one_call_too_many_is_refused_in_the_one_shape(three_calls, actor_for, client_for):
    client = client_for(actor_for(Role.AGENT))
    answers = [client.get("/api/v1/lines") for _ in range(4)]
    assert [response.status_code for response in answers] == [200, 200, 200, 429]
    body = answers[3].json()
    assert body == {
        "type": "client_error",
        "errors": [
            {
                "code": "throttled",
                "detail": "More than 3 calls within a minute. Wait 60 s, then call again.",
                "attr": None,
            }
        ],
        "request_id": answers[3]["X-Request-ID"],
    }
    assert answers[3]["Retry-After"] == "60"


def test_a_user_is_counted_once_by_whatever_way_and_no_other_user_with_them(
    three_calls, actor_for, client_for
):
    first, second = (client_for(actor_for(Role.AGENT)) for _ in range(2))
    also_first = Client()
    also_first.cookies = first.cookies
    assert [each.get("/api/v1/lines").status_code for each in (first, also_first, first, also_first)][
        -1
    ] == 429
    assert second.get("/api/v1/lines").status_code == 200


def test_visitors_are_counted_by_address(three_calls):
    def status(address: str) -> int:
        return Client(REMOTE_ADDR=address).get("/api/v1/lines").status_code

    here, there = f"10.{time.time_ns() % 250}.7.1", f"10.{time.time_ns() % 250}.7.2"
    assert [status(here) for _ in range(4)] == [401, 401, 401, 429]
    assert status(there) == 401


def test_who_guesses_tokens_is_counted_by_address(three_calls):
    client = Client(REMOTE_ADDR=f"10.{time.time_ns() % 250}.8.1")
    answers = [client.get("/api/v1/lines", headers={"Authorization": f"Bearer {n}"}) for n in range(4)]
    assert [response.status_code for response in answers] == [401, 401, 401, 429]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_network_of_ipv6_is_one_address(address, counted):
    assert network_of(address) == counted


def test_pages_are_not_counted(three_calls, actor_for, client_for):
    client = client_for(actor_for(Role.AGENT))
    answers = [client.get("/profile/") for _ in range(5)]
    assert {response.status_code for response in answers} == {200}
    assert not answers[0].has_header("RateLimit-Limit")


def test_calls_go_on_without_redis(three_calls, no_redis, actor_for, client_for):
    client = client_for(actor_for(Role.AGENT))
    assert [client.get("/api/v1/lines").status_code for _ in range(4)] == [200, 200, 200, 429]

"""What is served on a port answers at once."""

import time

import httpx2


def test_an_answer_does_not_wait_for_an_acknowledgement(system):
    with httpx2.Client(base_url=system.url, trust_env=False) as http:
        fastest_s = min(_answered_within_s(http) for _ in range(20))
    assert fastest_s < 0.03, "Nagle's algorithm would hold each answer for 40 ms"


def _answered_within_s(http: httpx2.Client) -> float:
    began = time.perf_counter()
    assert http.get("/health/live").status_code == 200
    return time.perf_counter() - began

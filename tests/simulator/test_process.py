"""The process: starts in a second, stops when told, keeps other sites out, and stays cheap."""

import signal
import subprocess
import sys
import time
from typing import Any

import pytest
import requests

from tests.simulator_process import ROOT, SimulatorProcess, free_port, running_simulator, start_simulator

AWA = "+237699000001"


def test_it_stands_within_a_second_and_stops_with_code_zero() -> None:
    began = time.monotonic()
    simulator = start_simulator()
    took = time.monotonic() - began
    assert simulator.stop() == 0
    assert took < 3  # a second on a quiet machine


def test_it_stops_on_ctrl_c_while_somebody_watches() -> None:
    with start_simulator() as simulator, requests.get(f"{simulator.base_url}/control/events", stream=True, timeout=5):
        simulator.process.send_signal(signal.SIGINT)
        assert simulator.process.wait(5) == 0


def test_it_ends_with_the_process_that_started_it() -> None:
    port = free_port()
    starter = f"from tests.simulator_process import start_simulator; start_simulator(port={port})"
    subprocess.run([sys.executable, "-c", starter], cwd=ROOT, check=True, timeout=30)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            requests.get(f"http://127.0.0.1:{port}/health", timeout=1)
        except requests.ConnectionError:
            return
        time.sleep(0.1)
    pytest.fail("The simulator outlives its parent.")


def test_a_taken_port_is_said_in_one_sentence(simulator: SimulatorProcess) -> None:
    port = simulator.base_url.rpartition(":")[2]
    command = [sys.executable, "-m", "djobea.simulator", "--port", port]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert found.returncode == 1
    assert found.stderr.startswith(f"The simulator cannot listen on 127.0.0.1:{port}: ")
    assert found.stderr.count("\n") == 1


def test_it_needs_neither_django_nor_our_apps() -> None:
    code = (
        "import sys, djobea.simulator.server;"
        "print([m for m in sys.modules if m.split('.')[0] in ('django','providers','notifications','marketplace')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    assert found.stdout.strip() == "[]"


def test_other_sites_and_forms_are_kept_out_of_the_control_api(simulator: SimulatorProcess) -> None:
    url = f"{simulator.base_url}/control/faults"
    wish = {"fault": "down"}
    foreign = requests.post(url, json=wish, headers={"Origin": "https://evil.example"}, timeout=5)
    form = requests.post(url, data=wish, timeout=5)
    assert (foreign.status_code, form.status_code) == (403, 415)
    assert simulator.control("faults")["faults"] == []


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("inbound", {"phone": "+237000"}),
        ("inbound", {"phone": AWA, "button": "nothing"}),
        ("inbound", {"phone": AWA, "media": {"data_base64": "é"}}),
        ("phones", {"number": "12"}),
        ("faults", {"fault": "slow", "seconds": "soon"}),
        ("script", {"name": "nothing"}),
        ("script", {"steps": [{"faults": "x"}]}),
        ("clock", {"advance_seconds": "soon"}),
        ("settings", {"gravity": 1}),
        ("senders", {}),
        ("faults", 7),
    ],
)
def test_a_call_that_makes_no_sense_is_answered_with_400_and_words(
    simulator: SimulatorProcess, path: str, wish: Any
) -> None:
    answer = requests.post(f"{simulator.base_url}/control/{path}", json=wish, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_chance_is_repeatable_with_a_seed() -> None:
    def fates() -> list[int]:
        with running_simulator(seed=5, no_window=True) as simulator:
            simulator.fault("server_error", probability=0.5)
            url = f"{simulator.base_url}/2010-04-01/Accounts/{simulator.account_sid}/Balance.json"
            auth = (simulator.account_sid, simulator.auth_token)
            return [requests.get(url, auth=auth, timeout=5).status_code for _ in range(20)]

    first = fates()
    assert first == fates()
    assert {200, 500} == set(first)


def test_a_reset_forgets_all_but_what_it_shall_keep(simulator: SimulatorProcess) -> None:
    simulator.phone("+237699000077", name="Essai")
    simulator.write(AWA, "Bonjour")
    simulator.fault("down")
    simulator.advance(60)
    simulator.reset("phones")
    assert simulator.messages() == []
    assert simulator.control("clock")["offset_seconds"] == 0
    assert "+237699000077" in [phone["number"] for phone in simulator.control("phones")["phones"]]
    simulator.reset()
    assert "+237699000077" not in [phone["number"] for phone in simulator.control("phones")["phones"]]


def test_old_messages_are_forgotten() -> None:
    with running_simulator(keep_messages=5) as simulator:
        for number in range(8):
            simulator.write(AWA, str(number))
        assert [message["body"] for message in simulator.messages(phone=AWA)] == list("76543")

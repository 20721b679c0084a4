"""Practices that tests import from."""

from typing import Any

from ops.stubs.opendental import OpenDentalStub


def practice(**stub: Any) -> OpenDentalStub:
    """A partner (1), an advertisement (2), a patient who refers (3); a patient brought by the
    advertisement (15)."""
    one = OpenDentalStub(**stub)
    one.patient(435, LName="Beringer", FName="Debbie", WirelessPhone="5033635432")
    one.patient(15, LName="Pace", FName="Paul")
    one.referral(1, LName="Davidson", FName="Norm", IsDoctor="true", City="Portland")
    one.referral(2, LName="Facebook Ad", NotPerson="true")
    one.referral(3, LName="Beringer", FName="Debbie", PatNum=435, isPatient="true")
    one.refattach(1, ReferralNum=2, PatNum=15, RefDate="2022-01-05")
    return one


CROWD = "/patients/Simple"


def crowd(count: int) -> OpenDentalStub:
    """So many patients whom nobody names: they are read, and nothing is sent."""
    one = OpenDentalStub()
    for number in range(1, count + 1):
        one.patient(number, LName="Nobody", FName=str(number))
    return one


def directory(count: int, **stub: Any) -> OpenDentalStub:
    """So many advertisements, numbered from 1."""
    one = OpenDentalStub(**stub)
    for number in range(1, count + 1):
        one.referral(number, LName=f"Ad {number}", NotPerson="true")
    return one

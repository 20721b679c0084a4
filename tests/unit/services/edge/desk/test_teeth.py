"""The tooth chart: which tooth stands where, and what it is called."""

from contracts.referral import TEETH
from services.edge.desk.sections.teeth import PERMANENT, PRIMARY, Quadrant


def _numbers(quadrants: tuple[Quadrant, ...]) -> dict[str, str]:
    return {one.name: " ".join(tooth.number for tooth in one.teeth) for one in quadrants}


def test_the_teeth_stand_as_one_sees_them_from_the_front() -> None:
    """The patient's right is at the left; ADA's numbers go from the upper right clockwise."""
    assert _numbers(PERMANENT) == {
        "upper_right": "1 2 3 4 5 6 7 8",
        "upper_left": "9 10 11 12 13 14 15 16",
        "lower_right": "32 31 30 29 28 27 26 25",
        "lower_left": "24 23 22 21 20 19 18 17",
    }
    assert _numbers(PRIMARY) == {
        "upper_right": "A B C D E",
        "upper_left": "F G H I J",
        "lower_right": "T S R Q P",
        "lower_left": "O N M L K",
    }


def test_each_tooth_of_the_contract_is_there_once() -> None:
    """And is called what it is: 14 and 19 are first molars, 8 a central incisor, C a canine."""
    teeth = [one for quadrant in (*PERMANENT, *PRIMARY) for one in quadrant.teeth]
    assert len(teeth) == len(TEETH) and {one.number for one in teeth} == TEETH
    kinds = {one.number: (one.kind, one.shape) for one in teeth}
    assert kinds["14"] == kinds["19"] == ("first_molar", "molar")
    assert kinds["8"] == kinds["25"] == ("central_incisor", "incisor")
    assert kinds["C"] == kinds["6"] == ("canine", "canine")
    assert kinds["20"] == ("second_premolar", "premolar")
    assert kinds["17"] == ("third_molar", "molar")

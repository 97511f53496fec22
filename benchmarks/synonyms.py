"""Which words mean the same, by the embedding and the generator: `PYTHONPATH=. python benchmarks/synonyms.py`.

Pairs of words that mean the same, or nearly, and pairs that are near but mean something else. The values of
`rag/rewording.py` were chosen on the first two lists; the held-out ones were written afterwards. Prints, of each list,
how many the embedding finds near, and of how many of those the generator agrees that they mean the same.
"""

from rag.build import load_embedder, load_generator
from rag.rewording import NEAR, mean_the_same
from rag.settings import load_settings

_SAME = """
laptop/notebook phone/telephone salary/wages cost/price vacation/leave car/automobile bike/bicycle
doctor/physician movie/film kids/children purchase/buy rent/lease attorney/lawyer guarantee/warranty
holiday/vacation PTO/leave sick/ill boss/manager employee/staff firm/company store/shop begin/start finish/end
quick/fast error/fault mistake/error fix/repair broken/damaged delivery/shipping refund/reimbursement
invoice/bill fee/charge tenant/renter house/home sofa/couch trash/garbage garbage/waste autumn/fall
aircraft/plane luggage/baggage hotel/accommodation journey/trip client/customer maximum/limit heart/cardiac
cancer/tumor medicine/drug teacher/instructor pupil/student salary/pay earnings/income revenue/sales
profit/earnings debt/borrowings kid/child wife/spouse husband/spouse cellphone/telephone mobile/telephone
computer/notebook internet/wifi mail/email address/location photo/photograph picture/photograph killed/died
author/writer built/constructed founded/established
"""
_OTHER = """
buy/sell minimum/maximum arrival/departure oldest/newest first/last north/south increase/decrease monday/tuesday
january/february cat/dog train/bus mother/father king/queen hotel/hostel import/export teacher/student
doctor/nurse morning/evening summer/winter win/lose borrow/lend debit/credit landlord/tenant employer/employee
hardware/software input/output upper/lower left/right open/close parent/child wife/husband brother/sister
boy/girl car/truck bus/tram beer/wine coffee/tea apple/pear gold/silver temperature/humidity voltage/current
mass/weight battery/charger tablet/notebook phone/computer salary/bonus lunch/dinner breakfast/lunch euro/dollar
inch/centimetre day/week month/year births/deaths birth/death victory/defeat attack/defence fiction/nonfiction
private/public male/female indoor/outdoor hot/cold strong/weak revenue/profit assets/liabilities
college/university city/town river/lake ship/boat president/minister chairman/director author/publisher
singer/actor built/destroyed founded/dissolved
"""
_SAME_HELD_OUT = """
lorry/truck lift/elevator flat/apartment petrol/gasoline cookie/biscuit holiday/leave soccer/football
subway/underground taxi/cab shipment/delivery supper/dinner physician/doctor cheque/check staff/personnel
boss/supervisor monitor/screen display/screen password/passphrase folder/directory picture/image weapon/arms
border/frontier fog/mist jail/prison pupil/learner tax/duty agreement/contract deadline/due cancel/terminate
repair/mend forbid/prohibit permit/allow error/bug donate/give reply/answer assist/help require/need
end/conclude wealthy/rich scent/smell seller/vendor buyer/purchaser headquarters/office ceo/director infant/baby
grandma/grandmother sea/ocean stone/rock forest/woods illness/disease injury/wound exam/test grade/mark
gift/present
"""
_OTHER_HELD_OUT = """
supplier/customer sender/recipient plaintiff/defendant lawyer/judge profit/loss deposit/withdrawal gross/net
fixed/variable daily/weekly hourly/annual spring/autumn east/west knife/fork chicken/beef milk/cream red/blue
guitar/piano piano/violin bishop/priest uncle/aunt son/daughter bride/groom sun/moon star/planet copper/iron
oxygen/hydrogen acid/base protein/fat cathode/anode plus/minus multiply/divide front/back top/bottom
inside/outside early/late young/old rich/poor success/failure question/answer entrance/exit upload/download
encrypt/decrypt laptop/desktop keyboard/mouse printer/scanner passport/visa rent/mortgage wages/pension
overtime/leave maternity/paternity hospital/clinic cinema/theatre school/university captain/lieutenant army/navy
bronze/silver second/third phone/email weekday/weekend
"""


def main() -> None:
    settings = load_settings()
    embedder, generator = load_embedder(settings), load_generator(settings)
    lists = {
        "mean the same": _SAME,
        "mean something else": _OTHER,
        "mean the same, held out": _SAME_HELD_OUT,
        "mean something else, held out": _OTHER_HELD_OUT,
    }
    print("| pairs that | | near | taken for the same | of those that mean something else |\n|---|---|---|---|---|")
    for name, text in lists.items():
        pairs = [tuple(pair.split("/")) for pair in text.split()]
        near = [
            (word, other) for word, other in pairs if embedder.encode_query(word) @ embedder.encode_query(other) >= NEAR
        ]
        taken = [f"{word}/{other}" for word, other in near if mean_the_same(word, other, generator)]
        wrong = ", ".join(taken) if "else" in name else ""
        print(f"| {name} | {len(pairs)} | {len(near)} | {len(taken)} | {wrong} |", flush=True)


if __name__ == "__main__":
    main()

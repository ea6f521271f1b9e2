/** The questions of the quiz. `right` is the index of the right choice. */

export const QUESTIONS = new Map(
  Object.entries({
    'red-planet': ['Which planet is known as the Red Planet?', ['Venus', 'Mars', 'Jupiter', 'Mercury'], 1],
    'longest-bone': [
      'Which is the longest bone in the human body?',
      ['Femur', 'Tibia', 'Humerus', 'Spine'],
      0,
    ],
    hexagon: ['How many sides does a hexagon have?', ['Five', 'Six', 'Seven', 'Eight'], 1],
    'largest-ocean': ['Which ocean is the largest?', ['Atlantic', 'Indian', 'Arctic', 'Pacific'], 3],
    'first-program': [
      'Who published the first algorithm intended for a machine?',
      ['Ada Lovelace', 'Charles Babbage', 'Alan Turing', 'Grace Hopper'],
      0,
    ],
    gold: ['Which element has the symbol Au?', ['Silver', 'Copper', 'Gold', 'Aluminium'], 2],
    octopus: ['How many hearts does an octopus have?', ['One', 'Two', 'Three', 'Eight'], 2],
    'boiling-point': ['At sea level, water boils at how many °C?', ['90', '100', '110', '120'], 1],
    piano: ['How many keys does a modern piano usually have?', ['76', '88', '92', '104'], 1],
    'mona-lisa': [
      'Who painted the Mona Lisa?',
      ['Michelangelo', 'Raphael', 'Leonardo da Vinci', 'Caravaggio'],
      2,
    ],
    byte: ['How many values can a byte have?', ['8', '64', '128', '256'], 3],
    'speed-of-light': [
      'How long does sunlight take to reach the Earth?',
      ['About 8 seconds', 'About 8 minutes', 'About 8 hours', 'About 8 days'],
      1,
    ],
    'highest-peak': [
      'Which mountain is the highest above sea level?',
      ['K2', 'Mont Blanc', 'Mount Everest', 'Kilimanjaro'],
      2,
    ],
    desert: ['Which is the largest hot desert?', ['Gobi', 'Sahara', 'Kalahari', 'Atacama'], 1],
    chess: ['How many squares does a chessboard have?', ['32', '48', '64', '81'], 2],
    blood: [
      'Which blood type can be given to nearly everyone?',
      ['A positive', 'AB positive', 'B negative', 'O negative'],
      3,
    ],
    prime: ['Which of these numbers is prime?', ['51', '57', '59', '63'], 2],
    'romeo-city': ['In which city is “Romeo and Juliet” set?', ['Verona', 'Venice', 'Rome', 'Naples'], 0],
    'honey-bee': ['What do bees make honey from?', ['Pollen', 'Nectar', 'Wax', 'Dew'], 1],
    'http-teapot': ['Which HTTP status says “I’m a teapot”?', ['204', '302', '418', '503'], 2],
    'smallest-country': [
      'Which is the smallest country?',
      ['Monaco', 'Vatican City', 'Malta', 'San Marino'],
      1,
    ],
    strings: ['How many strings does a violin have?', ['Four', 'Five', 'Six', 'Seven'], 0],
    'farthest-planet': [
      'Which planet is farthest from the sun?',
      ['Saturn', 'Uranus', 'Neptune', 'Jupiter'],
      2,
    ],
    'binary-ten': ['What is ten in binary?', ['1000', '1001', '1010', '1100'], 2],
  }).map(([id, [text, choices, right]]) => [id, { id, text, choices, right }]),
);

/**
 * The list of players: everyone who is in the room or has played a round, the highest score first. Players who left
 * keep their points.
 */
import { badge } from '../people.mjs';
import { isolated, made } from './elements.mjs';

const MAX_SHOWN = 100;
const element = (id) => document.getElementById(id);

/**
 * @param players points and rounds by user
 * @param people who is in the room, by user
 */
export function showPlayers(players, people, own) {
  const all = [...new Set([...people.keys(), ...players.keys()])].map((user) => ({
    ...{ points: 0, rounds: 0 },
    ...players.get(user),
    ...people.get(user),
    user,
    isHere: people.has(user),
  }));
  const shown = all
    .filter(({ isHere, rounds }) => isHere || rounds > 0)
    .sort((one, other) => other.points - one.points || other.isHere - one.isHere || compare(one, other));
  element('users').replaceChildren(...shown.slice(0, MAX_SHOWN).map((player) => playerElement(player, own)));
  element('people-count').textContent = String(people.size);
  element('more').hidden = shown.length <= MAX_SHOWN;
  element('more').textContent = `and ${shown.length - MAX_SHOWN} more`;
}

function compare(one, other) {
  return one.name.localeCompare(other.name) || (one.user < other.user ? -1 : 1);
}

function playerElement({ user, name, points, rounds, windows = 1, isHere }, own) {
  const who = made('span', 'who', undefined, isolated('span', 'name', name));
  const item = made('li', isHere ? '' : 'away', undefined, badge(name), who);
  const notes = [user === own && 'you', windows > 1 && `${windows} windows`, !isHere && 'away'].filter(
    Boolean,
  );
  if (notes.length > 0) who.append(' ', made('small', 'you', `(${notes.join(', ')})`));
  if (rounds > 0) {
    const label = made('span', 'visually-hidden', points === 1 ? ' point' : ' points');
    item.append(made('strong', 'points', String(points), label));
  }
  return item;
}

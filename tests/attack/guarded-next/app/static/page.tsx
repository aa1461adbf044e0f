/** A page that Next renders at build time. */
export default function Prerendered() {
  return <p>SECRET of a file</p>;
}
